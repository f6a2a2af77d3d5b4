package guest

import (
	"context"
	"runtime"
	"time"

	"wasm-grpc/guest/internal/abi"
	"wasm-grpc/guest/internal/goroutines"
)

// Deadline is when the client gives up; false when it set no deadline.
func (c *Context) Deadline() (time.Time, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !c.asked {
		c.asked = true
		if left := abi.Deadline(c.call); left >= 0 && left != abi.NoDeadline {
			c.deadline = time.Now().Add(time.Duration(left))
		}
	}
	return c.deadline, !c.deadline.IsZero()
}

// Err is nil while the client waits for an answer, then context.Canceled or context.DeadlineExceeded: clean up and
// return soon, the host drops a guest that goes on. It asks the host, which takes less than a microsecond.
func (c *Context) Err() error {
	if err := c.known(); err != nil {
		return err
	}
	if abi.Wait(c.call, 0, 0) < 0 {
		return c.ended()
	}
	return nil
}

// EndReason is why the call has ended for the client, and "" while it has not: "client" (cancelled by it), "deadline",
// "connection" (lost), "stopping" (the server did not wait any longer), "host" (it refused the request, or what the
// guest does) or "answered" (the client has its whole answer). Also "" after the handler has returned, and on a host that
// does not tell.
func (c *Context) EndReason() string { return c.info(abi.EndReason) }

// Done is closed when the call ends, for whatever reason, and when the handler returns. On hosts before wait_fd
// (docs/abi.md), and where as many files are open as may be, it is closed when the guest learns of the end by Err, Recv,
// Send or Sleep.
func (c *Context) Done() <-chan struct{} {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.err != nil {
			close(c.done)
		}
	}
	if c.err == nil && !c.watched && c.events == nil {
		c.watched = true
		goroutines.Watchers.Add(1)
		go c.watch()
	}
	return c.done
}

// watch waits for the call's end on behalf of those that wait for Done.
func (c *Context) watch() {
	defer goroutines.Watchers.Add(-1)
	runtime.Gosched() // a handler that need not wait is done by then, and the host is not asked for anything
	if waiter := c.waiter(0); waiter != nil && waiter.Wait() < 0 {
		c.ended()
	}
}

// Sleep waits without holding up other calls; an error when the call ended before the time was over.
func (c *Context) Sleep(duration time.Duration) error {
	if c.events != nil {
		return c.sleepByEvents(duration)
	}
	if duration > 0 && goroutines.OthersRun() && c.waiter(0) != nil {
		timer := time.NewTimer(duration)
		defer timer.Stop()
		select {
		case <-c.Done():
			return c.Err()
		case <-timer.C:
			return nil
		}
	}
	if c.wait(0, max(duration, 0)) < 0 {
		return c.Err()
	}
	return nil
}

// known is why the call is over, as far as the guest has learned.
func (c *Context) known() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.err
}

// ended notes that the client is gone, and why, which it returns.
func (c *Context) ended() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.err == nil {
		err := context.Canceled
		if abi.Deadline(c.call) == 0 {
			err = context.DeadlineExceeded
		}
		c.end(err)
	}
	return c.err
}

// end is called with the mutex locked.
func (c *Context) end(err error) {
	c.err = err
	if c.done != nil {
		close(c.done)
	}
}

// close ends what there is of the call in the guest, when its handler has returned.
func (c *Context) close() {
	c.mutex.Lock()
	if c.err == nil {
		c.end(context.Canceled)
	}
	waiters := c.waiters
	c.waiters = [len(waiters)]*abi.Waiter{}
	c.mutex.Unlock()
	if c.events != nil {
		return
	}
	for _, waiter := range waiters {
		if waiter != nil {
			waiter.Close()
		}
	}
	if goroutines.Others() || goroutines.Watchers.Load() > 0 {
		runtime.Gosched() // those that waited for the end would else pile up where handlers never wait
	}
}

// wait is ABI 1's; a negative timeout never passes. That suspends the instance as a whole, so where there are other
// goroutines it is Go's poller that waits.
func (c *Context) wait(interests int32, timeout time.Duration) int32 {
	if c.events != nil {
		return c.waitForEvent(interests)
	}
	beside := goroutines.OthersRun()
	var waiter *abi.Waiter
	if beside && timeout < 0 {
		waiter = c.waiter(interests)
	}
	var result int32
	switch {
	case c.known() != nil: // the handler has returned meanwhile
		result = abi.Closed
	case !beside:
		result = abi.Wait(c.call, interests, int64(timeout))
	case waiter != nil:
		result = waiter.Wait()
	default:
		result = c.waitInTurns(interests, timeout)
	}
	if result < 0 {
		c.ended()
	}
	return result
}

// waiter is what goroutines wait by while others run; nil where the host gives none, and when the call is over.
func (c *Context) waiter(interests int32) *abi.Waiter {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.waiters[interests] == nil && c.err == nil && !c.refused {
		c.waiters[interests], c.refused = abi.NewWaiter(c.call, interests)
	}
	return c.waiters[interests]
}

// How long other goroutines are left asleep at most while the instance waits as a whole.
const waitTurn = 2 * time.Millisecond

// waitInTurns is wait where the host gives no waiter.
func (c *Context) waitInTurns(interests int32, timeout time.Duration) int32 {
	for {
		turn := timeout
		if goroutines.Others() && (timeout < 0 || timeout > waitTurn) {
			runtime.Gosched()
			turn = waitTurn
		}
		if c.known() != nil { // the handler has returned meanwhile
			return abi.Closed
		}
		begin := time.Now()
		result := abi.Wait(c.call, interests, int64(turn))
		if result != 0 || turn == timeout {
			return result
		}
		if timeout > 0 {
			timeout = max(timeout-time.Since(begin), 0)
		}
	}
}
