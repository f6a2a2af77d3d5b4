//go:build !wasm

package abi

import (
	"sync/atomic"
	"time"
)

// Waiter is what goroutines wait for a call by while others run: natively by looking now and then.
type Waiter struct {
	host      Functions // that of the call, which another may follow
	call      int32
	interests int32
	closed    atomic.Bool
}

// NewWaiter is a waiter for these interests; refused where the host gives none.
func NewWaiter(call, interests int32) (waiter *Waiter, refused bool) {
	if Host.WaitFD(call, interests) < 0 {
		return nil, true
	}
	return &Waiter{host: Host, call: call, interests: interests}, false
}

// Wait is Wait of the waiter's interests, for any number of goroutines. Closed after Close, which ends it.
func (w *Waiter) Wait() int32 {
	for !w.closed.Load() {
		if result := w.host.Wait(w.call, w.interests, int64(time.Millisecond)); result != 0 {
			return result
		}
	}
	return Closed
}

// Close has those that wait return soon.
func (w *Waiter) Close() { w.closed.Store(true) }
