//go:build !wasm

package guesttest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/internal/abi"
)

// alarm is that of the one instance.
var alarm struct {
	sync.Mutex
	set   bool
	after time.Duration
}

// Alarm is after which time the guest's alarm was to go off when it was set last; false where it is not set.
func Alarm() (after time.Duration, set bool) {
	alarm.Lock()
	defer alarm.Unlock()
	return alarm.after, alarm.set
}

// GoOff has the guest's alarm go off now. What that does may go on when this returns.
func GoOff() {
	alarm.Lock()
	set := alarm.set
	alarm.set = false
	alarm.Unlock()
	if set {
		abi.Event(0, abi.EventAlarm, 0)
	}
}

func (h *host) Alarm(timeout int64) int32 {
	alarm.Lock()
	defer alarm.Unlock()
	alarm.set, alarm.after = timeout >= 0, time.Duration(timeout)
	return abi.OK
}

func (h *host) Placement(_ int32, key string) int32 {
	h.key = strings.Clone(key)
	return abi.OK
}

func (h *host) Ending(int32) int32 { return abi.OK }

func (h *host) Timer(call int32, timeout int64) int32 {
	time.AfterFunc(time.Duration(timeout), func() { abi.Event(call, abi.EventTimer, 0) })
	return abi.OK
}

// How long a handler may go on after its call has ended.
const patience = 10 * time.Second

// serveByEvents serves the call, and waits until its handler is done.
func (h *host) serveByEvents(tag int32) guest.Code {
	if h.key != "" && h.MetadataGet(id, h.key, 0, nil) < 0 {
		return h.refuse(guest.InvalidArgument, "the request header "+h.key+" is missing")
	}
	abi.Event(id, abi.EventOpen, tag)
	told := false
	var late time.Time
	for ; !h.answered(); time.Sleep(20 * time.Microsecond) {
		if h.look(id, 0) == abi.Cancelled && !told {
			told, late = true, time.Now().Add(patience)
			abi.Event(id, abi.EventCancelled, 0)
		}
		if told && time.Now().After(late) {
			panic(fmt.Sprint("guesttest: the handler of ", h.call.Path, " goes on though its call has ended"))
		}
	}
	return h.result.Code
}

func (h *host) refuse(code guest.Code, message string) guest.Code {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.finished, h.result.Code, h.result.Message = true, code, message
	return code
}

// answered tells whether the handler has given the status, or would have: then it is done.
func (h *host) answered() bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.finished || h.tried
}
