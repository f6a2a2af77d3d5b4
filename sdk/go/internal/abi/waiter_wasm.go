//go:build !tinygo

package abi

import (
	"os"
	"syscall"
	"time"
)

// Waiter is what goroutines wait for a call by while others run: a file of the host's that Go's poller waits for.
type Waiter struct {
	look func() int32
	file *os.File
	conn syscall.RawConn
}

// NewWaiter is a waiter for these interests in a call that is served; refused where the host gives none.
func NewWaiter(call, interests int32) (waiter *Waiter, refused bool) {
	return waiterBy(waitFD(call, interests), func() int32 { return wait(call, interests, 0) })
}

// NewClientWaiter is a waiter for these interests in a call that the guest made; refused where the host gives none.
func NewClientWaiter(call, interests int32) (waiter *Waiter, refused bool) {
	return waiterBy(clientWaitFD(call, interests), func() int32 { return ClientWait(call, interests, 0) })
}

func waiterBy(fd int32, look func() int32) (waiter *Waiter, refused bool) {
	if fd < 0 {
		return nil, true
	}
	file := os.NewFile(uintptr(fd), "call")
	conn, err := file.SyscallConn()
	if err != nil || file.SetReadDeadline(time.Time{}) != nil { // it is none that Go would poll
		file.Close()
		return nil, true
	}
	return &Waiter{look, file, conn}, false
}

// Wait is Wait, or ClientWait, of the waiter's interests, for any number of goroutines. Closed after Close, which ends it.
func (w *Waiter) Wait() int32 {
	result := Closed
	_ = w.conn.Read(func(uintptr) bool {
		result = w.look()
		return result != 0
	})
	if result == 0 {
		return Closed
	}
	return result
}

// Close returns when no goroutine waits any more.
func (w *Waiter) Close() { w.file.Close() }
