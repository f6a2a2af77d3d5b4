package client

import (
	"context"
	"runtime"
	"sync"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/internal/abi"
	"wasm-grpc/guest/internal/goroutines"
	"wasm-grpc/guest/internal/loop"
)

// call is one that the guest makes, until it has ended and its status was taken.
type call struct {
	ctx     context.Context
	method  method
	options options
	id      int32
	stop    func() bool  // watching the context
	told    *loop.Signal // in event style

	mutex   sync.Mutex // of what follows: one goroutine may send while another receives
	waiters [2]*abi.Waiter
	over    bool
	err     error // when it is over: how it ended
}

// begin opens a call. It is over at once where it cannot be made.
func begin(ctx context.Context, method method, kind int32, said []Option) *call {
	c := &call{ctx: ctx, method: method}
	for _, option := range said {
		option(&c.options)
	}
	parent := int32(0)
	served, isServed := guest.FromContext(ctx)
	if isServed {
		parent = served.ID()
	}
	if err := ctx.Err(); err != nil {
		c.end(guest.StatusOf(err))
		return c
	}
	var deadline time.Time
	derived := !isServed || ctx != context.Context(served) // else the host knows the deadline, and the end
	has := false
	if derived {
		deadline, has = ctx.Deadline()
	}
	c.id = abi.ClientOpen(method.target, method.path, kind, c.options.timeoutNanoseconds(deadline, has), parent,
		c.options.metadata)
	if c.id <= 0 {
		c.end(refused(c.id))
		return c
	}
	if loop.GoesOn() {
		c.told = loop.Begun(abi.EventMadeCall, c.id)
	}
	if derived {
		c.stop = context.AfterFunc(ctx, c.cancel)
	}
	return c
}

func refused(result int32) error {
	switch result {
	case abi.Full:
		return guest.Error(guest.ResourceExhausted, "the instance has as many calls open as it may; close some")
	case abi.Closed:
		return guest.Error(guest.Canceled, "the call that this one was to be made for is over")
	case abi.Unsupported:
		return guest.Error(guest.Unimplemented, "the host makes no calls for this module")
	}
	return guest.Error(guest.Internal, "the host refuses the call: its path, or a key or a value of its metadata, is not "+
		"allowed, or there is more than 16 KiB of that")
}

func (c *call) cancel() {
	abi.ClientCancel(c.id)
	if c.told != nil {
		c.told.Tell()
	}
}

// known is how the call ended, as far as that was asked for.
func (c *call) known() (over bool, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.over, c.err
}

// end notes how the call ended, and lets go of it. The first one holds, and is returned.
func (c *call) end(err error) error {
	c.mutex.Lock()
	if c.over {
		defer c.mutex.Unlock()
		return c.err
	}
	c.over, c.err = true, err
	waiters := c.waiters
	c.waiters = [len(waiters)]*abi.Waiter{}
	c.mutex.Unlock()
	if c.id <= 0 {
		return err
	}
	if c.stop != nil {
		c.stop()
	}
	if c.told != nil {
		loop.Done(abi.EventMadeCall, c.id)
		c.told.Tell()
	}
	for _, waiter := range waiters {
		if waiter != nil {
			waiter.Close()
		}
	}
	if c.options.headers != nil {
		*c.options.headers = c.metadata(abi.Headers)
	}
	if c.options.trailers != nil {
		*c.options.trailers = c.metadata(abi.Trailers)
	}
	abi.ClientClose(c.id)
	return err
}

// conclude ends a call whose status is there, by that: nil where it is OK.
func (c *call) conclude() error {
	if over, err := c.known(); over {
		return err
	}
	code := abi.ClientStatus(c.id)
	switch {
	case code == 0:
		return c.end(nil)
	case code < 0: // it could not be waited for: the call it was made for is over
		err := c.ctx.Err()
		if err == nil {
			err = context.Canceled
		}
		return c.end(guest.StatusOf(err))
	}
	return c.end(&guest.Status{
		Code:    guest.Code(code),
		Message: read(func(buffer []byte) int32 { return abi.ClientInfo(c.id, abi.ClientStatusMessage, buffer) }),
		Details: []byte(read(func(buffer []byte) int32 { return abi.ClientInfo(c.id, abi.ClientStatusDetails, buffer) })),
	})
}

func (c *call) metadata(where int32) Metadata {
	return parse(read(func(buffer []byte) int32 { return abi.ClientMetadataList(c.id, where, buffer) }))
}

// send sends a request; waits while the target does not read fast enough. False when the call has ended.
func (c *call) send(request any, last int32) (bool, error) {
	if over, err := c.known(); over {
		return false, err
	}
	encoded, err := c.method.codec.Append(takeBuffer(), request)
	defer keepBuffer(encoded)
	if err != nil {
		return false, c.end(guest.Error(guest.Internal, "a request of "+c.method.path+" cannot be encoded: "+err.Error()))
	}
	for {
		switch abi.ClientSend(c.id, encoded, last) {
		case abi.OK:
			return true, nil
		case abi.Again:
			if !c.wait(abi.ClientWritable) {
				return false, nil
			}
		default:
			return false, nil
		}
	}
}

// halfClose says that there are no more requests.
func (c *call) halfClose() {
	if over, _ := c.known(); !over {
		abi.ClientHalfClose(c.id)
	}
}

// recv takes the next response: false when there is none any more.
func (c *call) recv(response any) (bool, error) {
	if over, err := c.known(); over {
		return false, err
	}
	buffer := takeBuffer()
	buffer = buffer[:cap(buffer)]
	defer func() { keepBuffer(buffer) }()
	for {
		size := abi.ClientRecv(c.id, buffer)
		switch {
		case size > int32(len(buffer)):
			buffer = make([]byte, size)
		case size >= 0:
			if err := c.method.codec.Unmarshal(buffer[:size], response); err != nil {
				c.cancel()
				return false, c.end(guest.Error(guest.Internal,
					"a response of "+c.method.path+" cannot be decoded: "+err.Error()))
			}
			return true, nil
		case size == abi.Again && c.wait(abi.ClientReadable):
		default:
			return false, nil
		}
	}
}

// reply is the one response of a call, after its last request.
func (c *call) reply(response any) error {
	if over, err := c.known(); over {
		return err
	}
	if abi.ClientStatus(c.id) == abi.Again {
		c.wait(abi.ClientEnded)
	}
	if abi.ClientStatus(c.id) != 0 {
		return c.conclude()
	}
	received, err := c.recv(response)
	if err != nil {
		return err
	}
	if !received {
		return c.end(guest.Error(guest.Internal, c.method.path+" ended well, but without a response"))
	}
	return c.conclude()
}

// How long other goroutines are left asleep at most while the instance waits as a whole.
const waitTurn = 2 * time.Millisecond

// wait waits for one interest. That suspends the instance as a whole, so where there are other goroutines it is Go's
// poller that waits. False when the call that is served has ended.
func (c *call) wait(interest int32) bool {
	if c.told != nil {
		return c.waitForEvent(interest)
	}
	if !goroutines.OthersRun() {
		return abi.ClientWait(c.id, interest, -1) >= 0
	}
	if waiter := c.waiter(interest); waiter != nil {
		return waiter.Wait() >= 0
	}
	for goroutines.Others() {
		runtime.Gosched()
		if result := abi.ClientWait(c.id, interest, int64(waitTurn)); result != 0 {
			return result > 0
		}
	}
	return abi.ClientWait(c.id, interest, -1) >= 0
}

// waitForEvent is wait, in event style.
func (c *call) waitForEvent(interest int32) bool {
	for {
		next := c.told.Next()
		if over, _ := c.known(); over {
			return false
		}
		if result := abi.ClientWait(c.id, interest, 0); result != 0 {
			return result > 0
		}
		<-next
	}
}

// waiter is what goroutines wait by while others run: one for what is received, and one for what is sent. Nil where the
// host gives none, and when the call is over.
func (c *call) waiter(interest int32) *abi.Waiter {
	place := 0
	if interest == abi.ClientWritable {
		place = 1
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.waiters[place] == nil && !c.over {
		c.waiters[place], _ = abi.NewClientWaiter(c.id, interest)
	}
	return c.waiters[place]
}

// read is what abi.Read reads; nothing where there is nothing.
func read(ask func(buffer []byte) int32) string {
	text, _ := abi.Read(ask)
	return text
}

// A buffer for messages, used again by call after call; others are made while one is in use.
var buffers struct {
	mutex sync.Mutex
	free  []byte
}

// The most of the buffer that is kept.
const mostKept = 1 << 20

func takeBuffer() []byte {
	buffers.mutex.Lock()
	defer buffers.mutex.Unlock()
	taken := buffers.free
	buffers.free = nil
	if taken == nil {
		taken = make([]byte, 0, 4096)
	}
	return taken[:0]
}

func keepBuffer(buffer []byte) {
	if cap(buffer) == 0 || cap(buffer) > mostKept {
		return
	}
	buffers.mutex.Lock()
	defer buffers.mutex.Unlock()
	buffers.free = buffer
}
