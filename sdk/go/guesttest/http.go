//go:build !wasm

package guesttest

import (
	"strings"

	"wasm-grpc/guest"
	"wasm-grpc/guest/internal/abi"
)

func (h *host) http() bool { return h.call.Method != "" }

// find is the path of the method that serves the call: of HTTP the longest prefix that fits at a segment.
func (h *host) find() (string, bool) {
	if !h.http() {
		kind, known := h.kinds[h.call.Path]
		return h.call.Path, known && kind != abi.HTTP
	}
	path, _, _ := strings.Cut(h.call.Path, "?")
	longest, known := "", false
	for prefix, kind := range h.kinds {
		fits := prefix == "/" || path == prefix || strings.HasPrefix(path, prefix+"/")
		if kind == abi.HTTP && fits && len(prefix) > len(longest) {
			longest, known = prefix, true
		}
	}
	return longest, known
}

// Fields that are the host's.
var framing = map[string]bool{
	"content-length": true, "transfer-encoding": true, "connection": true, "keep-alive": true, "proxy-connection": true,
	"upgrade": true, "te": true, "trailer": true,
}

func (h *host) HTTPStatus(call, status int32) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	switch {
	case !h.live(call) || h.finished:
		return abi.Closed
	case h.ended():
		return abi.Cancelled
	case !h.http() || h.sent || status < 200 || status > 599:
		return abi.Invalid
	}
	h.result.Status = int(status)
	return abi.OK
}

var httpStatuses = map[guest.Code]int{
	guest.InvalidArgument: 400, guest.FailedPrecondition: 400, guest.OutOfRange: 400, guest.Unauthenticated: 401,
	guest.PermissionDenied: 403, guest.NotFound: 404, guest.AlreadyExists: 409, guest.Aborted: 409,
	guest.ResourceExhausted: 429, guest.Unimplemented: 501, guest.Unavailable: 503, guest.DeadlineExceeded: 504,
}

// answerByStatus makes a status other than OK, before the headers have left, the answer.
func (h *host) answerByStatus() {
	if h.result.Code == guest.OK || h.sent {
		return
	}
	status, mapped := httpStatuses[h.result.Code]
	if !mapped {
		status = 500
	}
	h.result.Status = status
	h.result.Headers = []Pair{{"content-type", "text/plain"}}
	h.result.Responses = [][]byte{[]byte(h.result.Message)}
}
