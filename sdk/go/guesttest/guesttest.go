//go:build !wasm

// Package guesttest calls the handlers of a guest natively, in an ordinary `go test`: a host in memory, which keeps to
// docs/abi.md. It does not show what the sandbox does: limits, dropped instances, compression.
package guesttest

import (
	"strings"
	"sync"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/internal/abi"
)

// Pair is one header: a lower-case key and its value.
type Pair struct{ Key, Value string }

// Call is a call of a client.
type Call struct {
	// "/package.Service/Method"; of an HTTP request the target, "/path?query".
	Path string
	// "GET" and the like for an HTTP request, whose body Requests are in pieces; nothing for gRPC.
	Method string
	// Messages are there from the start, and after them the end of the stream, unless Cancel is set.
	Requests [][]byte
	Metadata []Pair
	// What the client's content-type has after "application/grpc+"; nothing for protobuf.
	ContentSubtype string
	// The names in the client's certificate, of TLS.
	TLSNames []guest.TLSName
	// What the client's token says, where it has shown one: its subject, and all of it in JSON.
	TokenSubject, TokenClaims string
	// The time the client gives, 0 for none. It passes as time does.
	Timeout time.Duration
	// The client goes away after its last request.
	Cancel bool
	// Waits for room there are before each response message, as with a client that reads slowly.
	Stalls int
	// What the calls that the handler makes are answered, by the target's name and the path of the method:
	// "greeter/helloworld.Greeter/SayHello". Others end with PERMISSION_DENIED, as of a target that is not granted.
	Targets map[string]func(made Made) Result
}

// Result is what the client of a call sees.
type Result struct {
	Code      guest.Code
	Message   string
	Responses [][]byte // the pieces of the body, of HTTP
	// Of HTTP, 0 for gRPC. When Code is not OK all the same, the answer broke off.
	Status   int
	Headers  []Pair
	Trailers []Pair
	// Lines of the log, each after its level: "info: started".
	Log []string
}

// Run declares the methods of the program's guest, and serves one call. One at a time. Where calls meet in one instance
// (guest.PlaceByHeader and the like) that is the program itself, for all calls.
func Run(call Call) Result {
	host := start(call)
	path, known := host.find()
	if !known {
		return Result{Code: guest.Unimplemented, Message: "the guest has no method " + call.Path}
	}
	if host.http() {
		host.result.Status = 200
	}
	if host.events {
		return host.end(path, host.serveByEvents(host.methods[path]))
	}
	return host.end(path, guest.Code(abi.Serve(id, host.methods[path])))
}

func start(call Call) *host {
	host := &host{call: call, begun: time.Now(), methods: map[string]int32{}, kinds: map[string]int32{}, stalls: call.Stalls,
		made: map[int32]*madeCall{}}
	abi.Host = host
	abi.Start()
	return host
}

// end is what the client of the call sees, which is over now also for goroutines that its handler has left behind.
func (h *host) end(path string, code guest.Code) Result {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	switch {
	case h.finished:
	case h.passed():
		h.result.Code = guest.DeadlineExceeded
	case h.ended():
		h.result.Code = guest.Canceled
	default:
		h.result.Code = code
	}
	single := h.kinds[path] == abi.Unary || h.kinds[path] == abi.ClientStream
	if h.result.Code == guest.OK && single && len(h.result.Responses) == 0 {
		h.result.Code = guest.Internal
	}
	if h.http() {
		h.answerByStatus()
	}
	h.over = true
	return h.result
}

const (
	id   = 1
	peer = "127.0.0.1:1"
)

type host struct {
	call    Call
	begun   time.Time
	methods map[string]int32
	kinds   map[string]int32
	events  bool   // methods are in event style
	key     string // the header that calls have to have, of instances by key

	mutex    sync.Mutex // of what follows: a handler may have goroutines
	next     int        // of the requests
	stalls   int
	finished bool
	tried    bool // to finish, after the end
	sent     bool // the headers
	over     bool
	metadata int // bytes of the response's
	result   Result

	made map[int32]*madeCall // the calls that the handler has made, by number
}

func (h *host) Method(path string, kind, style, tag int32) int32 {
	h.events = style == abi.EventStyle
	h.methods[strings.Clone(path)] = tag
	h.kinds[strings.Clone(path)] = kind
	return abi.OK
}

func (h *host) Descriptors([]byte) int32      { return abi.OK }
func (h *host) HealthSet(string, int32) int32 { return abi.OK }
func (h *host) Compress(int32, int32) int32   { return 0 }
func (h *host) passed() bool                  { return h.call.Timeout > 0 && time.Since(h.begun) >= h.call.Timeout }
func (h *host) ended() bool                   { return h.passed() || h.call.Cancel && h.next == len(h.call.Requests) }
func (h *host) live(call int32) bool          { return call == id && !h.over }
func (h *host) Recv(call int32, buffer []byte) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	switch {
	case !h.live(call):
		return abi.Closed
	case h.ended():
		return abi.Cancelled
	case h.next == len(h.call.Requests):
		return abi.End
	}
	message := h.call.Requests[h.next]
	if len(message) <= len(buffer) {
		copy(buffer, message)
		h.next++
	}
	return int32(len(message))
}

func (h *host) Send(call int32, message []byte) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	switch {
	case !h.live(call) || h.finished:
		return abi.Closed
	case h.ended():
		return abi.Cancelled
	case h.stalls > 0:
		h.stalls--
		return abi.Again
	}
	h.stalls = h.call.Stalls
	h.sent = true
	h.result.Responses = append(h.result.Responses, append([]byte{}, message...))
	return abi.OK
}

func (h *host) Wait(call, interests int32, timeout int64) int32 {
	if result := h.look(call, interests); result != 0 {
		return result
	}
	pause := time.Duration(timeout)
	if left := h.call.Timeout - time.Since(h.begun); h.call.Timeout > 0 && (timeout < 0 || left < pause) {
		pause = left
	}
	if timeout < 0 && h.call.Timeout == 0 {
		panic("guesttest: the handler waits for the end of a call that does not end; give it a Timeout or Cancel")
	}
	time.Sleep(pause)
	return h.look(call, interests)
}

// look is a Wait without a wait.
func (h *host) look(call, interests int32) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	switch {
	case !h.live(call):
		return abi.Closed
	case h.ended():
		return abi.Cancelled
	}
	return interests
}

// WaitFD has a number for what abi.Waiter is natively.
func (h *host) WaitFD(int32, int32) int32 { return 3 }

func (h *host) Finish(call, code int32, message string) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	switch {
	case !h.live(call) || h.finished:
		return abi.Closed
	case h.ended():
		h.tried = true
		return abi.Cancelled
	}
	h.finished = true
	h.result.Code, h.result.Message = guest.Code(code), message
	return abi.OK
}

func give(value string, buffer []byte) int32 {
	if len(value) <= len(buffer) {
		copy(buffer, value)
	}
	return int32(len(value))
}

func (h *host) MetadataGet(_ int32, key string, index int32, buffer []byte) int32 {
	for _, pair := range h.call.Metadata {
		if pair.Key != key {
			continue
		}
		if index == 0 {
			return give(pair.Value, buffer)
		}
		index--
	}
	return abi.Absent
}

func (h *host) MetadataList(_ int32, buffer []byte) int32 {
	return give(listOf(h.call.Metadata), buffer)
}

func (h *host) MetadataAdd(_, where int32, key, value string) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	pair := Pair{strings.Clone(key), strings.Clone(value)}
	switch {
	case h.finished:
		return abi.Closed
	case key != strings.ToLower(key) || (strings.HasPrefix(key, "grpc-") && key != "grpc-status-details-bin"):
		return abi.Invalid
	case h.http() && (where == abi.Trailers || framing[key]):
		return abi.Invalid
	case h.metadata+len(key)+len(value) > 16<<10:
		return abi.Invalid
	case where == abi.Trailers:
		h.metadata += len(key) + len(value)
		h.result.Trailers = append(h.result.Trailers, pair)
	case h.sent:
		return abi.Invalid
	default:
		h.metadata += len(key) + len(value)
		h.result.Headers = append(h.result.Headers, pair)
	}
	return abi.OK
}

func (h *host) HeadersSend(int32) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.sent = true
	return abi.OK
}

func (h *host) Info(call, what int32, buffer []byte) int32 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if !h.live(call) {
		return abi.Closed
	}
	switch what {
	case abi.Path:
		return give(h.call.Path, buffer)
	case abi.HTTPMethod:
		if h.http() {
			return give(h.call.Method, buffer)
		}
	case abi.Authority:
		return give("guesttest", buffer)
	case abi.Peer:
		return give(peer, buffer)
	case abi.TokenSubject:
		if h.call.TokenSubject != "" {
			return give(h.call.TokenSubject, buffer)
		}
	case abi.TokenClaims:
		if h.call.TokenClaims != "" {
			return give(h.call.TokenClaims, buffer)
		}
	case abi.ContentSubtype:
		if h.call.ContentSubtype != "" {
			return give(h.call.ContentSubtype, buffer)
		}
	case abi.TLSNames:
		if len(h.call.TLSNames) > 0 {
			lines := make([]string, len(h.call.TLSNames))
			for i, name := range h.call.TLSNames {
				lines[i] = name.String()
			}
			return give(strings.Join(lines, "\n"), buffer)
		}
	case abi.EndReason:
		switch {
		case h.finished:
			return give("answered", buffer)
		case h.passed():
			return give("deadline", buffer)
		case h.ended():
			return give("client", buffer)
		}
	case abi.MessageEncoding:
		if h.next > 0 && !h.http() {
			return give("identity", buffer)
		}
	}
	return abi.Absent
}

func (h *host) Deadline(call int32) int64 {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if !h.live(call) {
		return int64(abi.Closed)
	}
	if h.call.Timeout == 0 {
		return abi.NoDeadline
	}
	return int64(max(h.call.Timeout-time.Since(h.begun), 0))
}
