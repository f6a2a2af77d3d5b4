package guest

import (
	"sync"
	"time"

	"wasm-grpc/guest/internal/abi"
	"wasm-grpc/guest/internal/loop"
)

// In event style: calls meet in one instance, each served by a goroutine.
var shared struct {
	declared  bool
	placement int32
	key       string
	alarm     func()
	ending    func()

	mutex sync.Mutex
	calls map[int32]*Context
	free  [][]byte // for requests
}

func init() { abi.Event = onEvent }

// PlaceByHeader has the calls of this module that have the same value of a request header meet in one instance, which serves them
// side by side: an actor for each value, where one call changes what the others see. Each handler is a goroutine, and only one of
// them runs at a time, until it waits: by Recv, Send, [Context.Sleep], a call of another service, the store, or for a channel or a
// mutex that one of the others has. A call without the header ends with [InvalidArgument]. While the module is initialized.
//
// Go's own timers, as of time.Sleep and context.WithTimeout, go off no sooner than with the instance's next event: wait by
// [Context.Sleep] and [SetAlarm].
func PlaceByHeader(key string) { place(abi.PlaceKey, key) }

// PlaceByProcess has all calls of this module meet in one instance, as those of a value of [PlaceByHeader].
func PlaceByProcess() { place(abi.PlaceProcess, "") }

// PlaceByWorker has the calls of this module meet in one instance for each thread of the server, as those of a value of
// [PlaceByHeader].
func PlaceByWorker() { place(abi.PlaceWorker, "") }

func place(where int32, key string) {
	if started {
		panic("guest: instances are placed while the module is initialized, in init()")
	}
	shared.declared, shared.placement, shared.key = true, where, key
}

// OnAlarm says what runs when the time of [SetAlarm] has come. It is a goroutine, as handlers are, and may wait as they do. Of an
// instance that serves its calls side by side ([PlaceByHeader]).
func OnAlarm(handler func()) { shared.alarm = handler }

// SetAlarm sets the instance's one alarm, in place of when it was to be before; false where there is none: in a module whose calls do
// not meet, while it is initialized, and on a host that has no alarms.
func SetAlarm(after time.Duration) bool { return abi.Alarm(int64(max(after, 0))) >= 0 }

// CancelAlarm takes the alarm back.
func CancelAlarm() { abi.Alarm(-1) }

// OnEnding says what runs before an instance that serves its calls side by side is given up: when it has had no calls for long,
// when others need its room, and when the server stops. It may not wait for anything but the store, which holds up the instance
// then. While the module is initialized.
func OnEnding(handler func()) { shared.ending = handler }

func style() int32 {
	if shared.declared {
		return abi.EventStyle
	}
	return abi.HandlerStyle
}

// declareShared is what wasm_grpc_start says of event style.
func declareShared() {
	loop.Shared.Store(shared.declared)
	if !shared.declared {
		return
	}
	abi.Placement(shared.placement, shared.key)
	if shared.ending != nil {
		abi.Ending(1)
	}
}

// onEvent is wasm_grpc_event.
func onEvent(call, event, value int32) {
	switch event {
	case abi.EventOpen:
		open(call, value)
	case abi.EventMessage, abi.EventHalfClose, abi.EventWritable, abi.EventTimer, abi.EventCancelled:
		if ctx := callOf(call); ctx != nil {
			ctx.onEvent(event)
		}
	case abi.EventAlarm:
		if shared.alarm != nil {
			loop.Go(shared.alarm)
		}
	case abi.EventEnding:
		if shared.ending != nil {
			loop.Last.Store(true)
			shared.ending()
		}
		return // nobody else has anything to do any more
	default:
		loop.Tell(event, call)
	}
	loop.Run()
}

func open(call, tag int32) {
	if tag < 0 || int(tag) >= len(methods) {
		abi.Finish(call, int32(Unimplemented), "")
		return
	}
	ctx := &Context{call: call, events: new(events)}
	shared.mutex.Lock()
	if shared.calls == nil {
		shared.calls = map[int32]*Context{}
	}
	shared.calls[call] = ctx
	shared.mutex.Unlock()
	loop.Go(func() { ctx.run(methods[tag].body) })
}

func callOf(call int32) *Context {
	shared.mutex.Lock()
	defer shared.mutex.Unlock()
	return shared.calls[call]
}

func forgetCall(call int32) {
	shared.mutex.Lock()
	defer shared.mutex.Unlock()
	delete(shared.calls, call)
}

// events are what a call waits for in event style.
type events struct {
	loop.Signal
	request []byte    // where the message received last is
	timer   time.Time // when the call's timer goes off; zero: it is not set
}

// run serves the call to its end.
func (c *Context) run(body func(ctx *Context) error) {
	code := end(c.call, body(c))
	forgetCall(c.call)
	abi.Finish(c.call, code, "") // refused where it has its status
	c.close()
	c.events.keepRequest()
}

func (c *Context) onEvent(event int32) {
	switch event {
	case abi.EventTimer:
		c.mutex.Lock()
		c.events.timer = time.Time{}
		c.mutex.Unlock()
	case abi.EventCancelled:
		c.ended()
		forgetCall(c.call)
	}
	c.events.Tell()
}

// waitForEvent is wait without a timeout, in event style.
func (c *Context) waitForEvent(interests int32) int32 {
	for {
		next := c.events.Next()
		if c.known() != nil {
			return abi.Closed
		}
		if result := abi.Wait(c.call, interests, 0); result != 0 {
			if result < 0 {
				c.ended()
			}
			return result
		}
		<-next
	}
}

// sleepByEvents is Sleep, in event style.
func (c *Context) sleepByEvents(duration time.Duration) error {
	for until := time.Now().Add(duration); ; {
		next := c.events.Next()
		if err := c.Err(); err != nil {
			return err
		}
		left := time.Until(until)
		if left <= 0 {
			return nil
		}
		c.wakeAt(until, left)
		<-next
	}
}

// wakeAt has an event of the call's timer come then, or before.
func (c *Context) wakeAt(at time.Time, left time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.events.timer.IsZero() || at.Before(c.events.timer) {
		c.events.timer = at
		abi.Timer(c.call, int64(left))
	}
}

// requestBuffer is where the next request message goes: in handler style the one of the instance.
func (c *Context) requestBuffer() *[]byte {
	if c.events == nil {
		return &buffers.request
	}
	if c.events.request == nil {
		c.events.takeRequest()
	}
	return &c.events.request
}

// The most buffers that are kept of calls that are over.
const mostFree = 16

func (e *events) takeRequest() {
	shared.mutex.Lock()
	defer shared.mutex.Unlock()
	if count := len(shared.free); count > 0 {
		e.request = shared.free[count-1]
		shared.free = shared.free[:count-1]
	}
}

func (e *events) keepRequest() {
	shared.mutex.Lock()
	defer shared.mutex.Unlock()
	if e.request != nil && len(e.request) <= mostKept && len(shared.free) < mostFree {
		shared.free = append(shared.free, e.request)
	}
	e.request = nil
}
