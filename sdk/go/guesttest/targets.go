//go:build !wasm

package guesttest

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/internal/abi"
)

// Made is a call that a handler makes of a target. It is answered when its last request was sent, by a goroutine of its
// own, which may take its time.
type Made struct {
	// Of the method; of HTTP with its query, which the key in Targets has not.
	Path     string
	Requests [][]byte
	Metadata []Pair
	// The time that the call was given by its maker, 0 for none.
	Timeout time.Duration
}

// madeCall is one of them, guarded by the mutex of its host.
type madeCall struct {
	made   Made
	end    time.Time // zero: none
	answer func(made Made) Result
	asked  bool // no request follows
	ended  bool
	result Result
	next   int // of the responses
}

// madeCall is the call of that number, as it is now; nil where there is none. The mutex is locked.
func (h *host) madeCall(call int32) *madeCall {
	made := h.made[call]
	switch {
	case made == nil || made.ended:
	case h.over || h.ended():
		made.finish(Result{Code: guest.Canceled, Message: "the call it was made for is over"})
	case !made.end.IsZero() && !time.Now().Before(made.end):
		made.finish(Result{Code: guest.DeadlineExceeded, Message: "the time that the call was given has passed"})
	}
	return made
}

func (m *madeCall) finish(result Result) {
	if !m.ended {
		m.ended, m.result = true, result
	}
}

func (h *host) ClientRequire(string) int32 { return abi.OK }

func (h *host) ClientOpen(target, path string, _ int32, timeout int64, parent int32, metadata []byte) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if parent != 0 && !h.live(parent) {
		return abi.Closed
	}
	known, _, _ := strings.Cut(target+path, "?")
	made := &madeCall{answer: h.call.Targets[known], made: Made{Path: strings.Clone(path)}}
	if timeout >= 0 {
		made.made.Timeout = time.Duration(timeout)
		made.end = time.Now().Add(made.made.Timeout)
	}
	for list := string(metadata); len(list) >= 8; {
		keySize, valueSize := little(list), little(list[4:])
		made.made.Metadata = append(made.made.Metadata, Pair{list[8 : 8+keySize], list[8+keySize : 8+keySize+valueSize]})
		list = list[8+keySize+valueSize:]
	}
	if made.answer == nil {
		made.finish(Result{Code: guest.PermissionDenied, Message: "Targets of the test has no " + target + path})
	}
	number := int32(len(h.made)) + 1000
	h.made[number] = made
	return number
}

func little(text string) int {
	return int(text[0]) | int(text[1])<<8 | int(text[2])<<16 | int(text[3])<<24
}

func (h *host) ClientSend(call int32, message []byte, last int32) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	made := h.madeCall(call)
	switch {
	case made == nil || made.asked:
		return abi.Closed
	case made.ended:
		return abi.Cancelled
	}
	made.made.Requests = append(made.made.Requests, bytes.Clone(message))
	if last == 1 {
		h.ask(made)
	}
	return abi.OK
}

func (h *host) ClientHalfClose(call int32) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	made := h.madeCall(call)
	if made == nil {
		return abi.Closed
	}
	if !made.asked {
		h.ask(made)
	}
	return abi.OK
}

// ask has the call answered. The mutex is locked.
func (h *host) ask(made *madeCall) {
	made.asked = true
	if made.ended {
		return
	}
	go func() {
		result := made.answer(made.made)
		h.mutex.Lock()
		defer h.mutex.Unlock()
		made.finish(result)
	}()
}

func (h *host) ClientRecv(call int32, buffer []byte) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	made := h.madeCall(call)
	switch {
	case made == nil:
		return abi.Closed
	case !made.ended:
		return abi.Again
	case made.next == len(made.result.Responses):
		return abi.End
	}
	message := made.result.Responses[made.next]
	if len(message) <= len(buffer) {
		made.next++
	}
	return give(string(message), buffer)
}

func (h *host) ClientMetadataList(call, where int32, buffer []byte) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	made := h.madeCall(call)
	switch {
	case made == nil:
		return abi.Closed
	case !made.ended:
		return abi.Again
	case where == abi.Headers && made.result.Status != 0:
		return give(listOf(append([]Pair{{":status", strconv.Itoa(made.result.Status)}}, made.result.Headers...)), buffer)
	case where == abi.Headers:
		return give(listOf(made.result.Headers), buffer)
	}
	return give(listOf(made.result.Trailers), buffer)
}

// listOf is pairs in the form of the host's.
func listOf(pairs []Pair) string {
	var list strings.Builder
	for _, pair := range pairs {
		for _, size := range []int{len(pair.Key), len(pair.Value)} {
			list.Write([]byte{byte(size), byte(size >> 8), byte(size >> 16), byte(size >> 24)})
		}
		list.WriteString(pair.Key + pair.Value)
	}
	return list.String()
}

func (h *host) ClientStatus(call int32) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	made := h.madeCall(call)
	switch {
	case made == nil:
		return abi.Closed
	case !made.ended:
		return abi.Again
	}
	return int32(made.result.Code)
}

func (h *host) ClientInfo(call, what int32, buffer []byte) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	made := h.madeCall(call)
	switch {
	case made == nil:
		return abi.Closed
	case !made.ended:
		return abi.Again
	case what == abi.ClientStatusMessage:
		return give(made.result.Message, buffer)
	}
	for _, pair := range made.result.Trailers {
		if pair.Key == "grpc-status-details-bin" {
			return give(pair.Value, buffer)
		}
	}
	return abi.Absent
}

func (h *host) ClientCancel(call int32) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	made := h.madeCall(call)
	if made == nil {
		return abi.Closed
	}
	made.finish(Result{Code: guest.Canceled, Message: "the guest has given the call up"})
	return abi.OK
}

func (h *host) ClientClose(call int32) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.made[call] == nil {
		return abi.Closed
	}
	h.made[call] = nil // its number is not given again
	return abi.OK
}

func (h *host) ClientWait(call, interests int32, timeout int64) int32 {
	for begun := time.Now(); ; time.Sleep(50 * time.Microsecond) {
		if result := h.clientLook(call, interests); result != 0 {
			return result
		}
		if timeout >= 0 && time.Since(begun) >= time.Duration(timeout) {
			return 0
		}
	}
}

func (h *host) clientLook(call, interests int32) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	made := h.madeCall(call)
	switch {
	case h.over || h.ended():
		return abi.Cancelled
	case made == nil:
		return abi.Closed
	case !made.ended:
		return interests & abi.ClientWritable
	}
	return interests
}

// ClientWaitFD has a number for what abi.Waiter is natively.
func (h *host) ClientWaitFD(int32, int32) int32 { return 4 }
