//go:build !wasm

package abi

import (
	"sync/atomic"
	"time"
)

// Waiter is what goroutines wait for a call by while others run: natively by looking now and then.
type Waiter struct {
	look   func() int32
	closed atomic.Bool
}

// NewWaiter is a waiter for these interests in a call that is served; refused where the host gives none.
func NewWaiter(call, interests int32) (waiter *Waiter, refused bool) {
	host := Host // that of the call, which another may follow
	if host.WaitFD(call, interests) < 0 {
		return nil, true
	}
	return &Waiter{look: func() int32 { return host.Wait(call, interests, int64(time.Millisecond)) }}, false
}

// NewClientWaiter is a waiter for these interests in a call that the guest made; refused where the host gives none.
func NewClientWaiter(call, interests int32) (waiter *Waiter, refused bool) {
	host := Host
	if host.ClientWaitFD(call, interests) < 0 {
		return nil, true
	}
	return &Waiter{look: func() int32 { return host.ClientWait(call, interests, int64(time.Millisecond)) }}, false
}

// Wait is Wait, or ClientWait, of the waiter's interests, for any number of goroutines. Closed after Close, which ends it.
func (w *Waiter) Wait() int32 {
	for !w.closed.Load() {
		if result := w.look(); result != 0 {
			return result
		}
	}
	return Closed
}

// Close has those that wait return soon.
func (w *Waiter) Close() { w.closed.Store(true) }
