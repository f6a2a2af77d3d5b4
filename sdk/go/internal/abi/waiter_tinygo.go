//go:build tinygo && wasm

package abi

// Waiter is what goroutines wait for a call by while others run: TinyGo has no poller that could wait for the host's files.
type Waiter struct{}

// NewWaiter is always refused, as by a host that has no wait_fd.
func NewWaiter(call, interests int32) (waiter *Waiter, refused bool) { return nil, true }

// NewClientWaiter is always refused, too.
func NewClientWaiter(call, interests int32) (waiter *Waiter, refused bool) { return nil, true }

// Wait is never called.
func (w *Waiter) Wait() int32 { return Closed }

// Close is never called.
func (w *Waiter) Close() {}
