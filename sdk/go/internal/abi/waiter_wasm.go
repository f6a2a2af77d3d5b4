//go:build !tinygo

package abi

import (
	"os"
	"syscall"
	"time"
)

// Waiter is what goroutines wait for a call by while others run: a file of the host's that Go's poller waits for.
type Waiter struct {
	call      int32
	interests int32
	file      *os.File
	conn      syscall.RawConn
}

// NewWaiter is a waiter for these interests; refused where the host gives none.
func NewWaiter(call, interests int32) (waiter *Waiter, refused bool) {
	fd := waitFD(call, interests)
	if fd < 0 {
		return nil, true
	}
	file := os.NewFile(uintptr(fd), "call")
	conn, err := file.SyscallConn()
	if err != nil || file.SetReadDeadline(time.Time{}) != nil { // it is none that Go would poll
		file.Close()
		return nil, true
	}
	return &Waiter{call, interests, file, conn}, false
}

// Wait is Wait of the waiter's interests, for any number of goroutines. Closed after Close, which ends it.
func (w *Waiter) Wait() int32 {
	result := Closed
	_ = w.conn.Read(func(uintptr) bool {
		result = wait(w.call, w.interests, 0)
		return result != 0
	})
	if result == 0 {
		return Closed
	}
	return result
}

// Close returns when no goroutine waits any more.
func (w *Waiter) Close() { w.file.Close() }
