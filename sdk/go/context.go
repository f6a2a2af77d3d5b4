package guest

import (
	"context"
	"encoding/hex"
	"iter"
	"math"
	"strings"
	"sync"
	"time"

	"wasm-grpc/guest/internal/abi"
)

// Context is one call, while its handler runs. It is a context.Context that ends when the call does, and may be passed
// on as one. All of its methods may be called after the handler has returned; they tell that the call is over.
//
// The end of a call wakes what waits in Recv, Send and Sleep, and for Done of this context or one derived from it. A guest
// that computes asks Err: nothing can interrupt it. One where nothing waits so when its call ends, but for other channels
// or timers only, is dropped by the host, together with its instance.
type Context struct {
	call   int32
	events *events // nil in handler style

	mutex    sync.Mutex     // of what follows
	done     chan struct{}  // nil until somebody asks
	watched  bool           // a goroutine closes done
	err      error          // why the call is over, nil while it is not known to be
	waiters  [3]*abi.Waiter // by their interests
	refused  bool           // the host gives no more waiters
	deadline time.Time
	asked    bool // whether deadline is known
}

var _ context.Context = (*Context)(nil)

type contextKey struct{}

// FromContext is the call that ctx is of: a *Context, or a context derived from one; false when it is of none.
func FromContext(ctx context.Context) (*Context, bool) {
	if ctx == nil {
		return nil, false
	}
	c, ok := ctx.Value(contextKey{}).(*Context)
	return c, ok
}

// Value is nil: a call has no values. context.WithValue(ctx, ...) has.
func (c *Context) Value(key any) any {
	if key == (contextKey{}) {
		return c // for FromContext
	}
	return nil
}

// ---- The request ----

// Metadata is the first value of the request header named key (lower-case). Raw bytes for keys that end in "-bin".
func (c *Context) Metadata(key string) (value string, ok bool) { return c.metadataAt(key, 0) }

// MetadataValues is every value of the request header named key, in the order sent.
func (c *Context) MetadataValues(key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for index := int32(0); ; index++ {
			value, ok := c.metadataAt(key, index)
			if !ok || !yield(value) {
				return
			}
		}
	}
}

// AllMetadata is every request header that is not gRPC's own, in the order sent, as (key, value).
func (c *Context) AllMetadata() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		list, ok := abi.Read(func(buffer []byte) int32 { return abi.MetadataList(c.call, buffer) })
		if !ok {
			return
		}
		for len(list) >= 8 {
			keySize, valueSize := little(list), little(list[4:])
			key, value := list[8:8+keySize], list[8+keySize:8+keySize+valueSize]
			if !yield(key, value) {
				return
			}
			list = list[8+keySize+valueSize:]
		}
	}
}

func little(text string) int {
	return int(text[0]) | int(text[1])<<8 | int(text[2])<<16 | int(text[3])<<24
}

func (c *Context) metadataAt(key string, index int32) (string, bool) {
	return abi.Read(func(buffer []byte) int32 { return abi.MetadataGet(c.call, key, index, buffer) })
}

// ID is the host's number of the call, for other packages of this module that call the host.
func (c *Context) ID() int32 { return c.call }

// TraceID is the trace that the call is of: 32 hexadecimal digits, by which the host's log and its spans name it too. ""
// where the client says none and the host does not trace the call (docs/traces.md).
func (c *Context) TraceID() string {
	if text, ok := c.Metadata("traceparent"); ok { // W3C: 00-TRACE-SPAN-FLAGS
		if len(text) < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-' {
			return ""
		}
		return soundTraceID(text[3:35])
	}
	if bytes, ok := c.Metadata("grpc-trace-bin"); ok && len(bytes) == 29 && bytes[0] == 0 && bytes[1] == 0 {
		return soundTraceID(hex.EncodeToString([]byte(bytes[2:18])))
	}
	return ""
}

func soundTraceID(id string) string {
	if strings.Trim(id, "0123456789abcdef") != "" || strings.Trim(id, "0") == "" {
		return ""
	}
	return id
}

// Path is "/package.Service/Method"; of an HTTP request its target.
func (c *Context) Path() string { return c.info(abi.Path) }

// Authority is the host name that the client asked for.
func (c *Context) Authority() string { return c.info(abi.Authority) }

// Peer is the client's address, such as "127.0.0.1:4711" or "[::1]:4711".
func (c *Context) Peer() string { return c.info(abi.Peer) }

// ContentSubtype is the format of the messages where the client does not speak protobuf: "json" of the content-type
// application/grpc+json; else "". Methods of messages refuse what is not their codec's, methods of bytes get all.
func (c *Context) ContentSubtype() string { return c.info(abi.ContentSubtype) }

// TokenSubject is who the client is by the bearer token that it has shown and the host has verified: the claim "sub".
// Empty where there is no such token, or it names nobody. No client can say it otherwise: do not read headers for it.
func (c *Context) TokenSubject() string { return c.info(abi.TokenSubject) }

// TokenClaims is all that the token says: a JSON object, as its issuer has signed it. Empty where there is none.
func (c *Context) TokenClaims() string { return c.info(abi.TokenClaims) }

// MessageEncoding is how the message received last came over the wire: "identity", "gzip" or "deflate". The host has
// decompressed it.
func (c *Context) MessageEncoding() string { return c.info(abi.MessageEncoding) }

// Limits are the host's, 0 where there is none.
type Limits struct {
	MaxRequest  int64 // bytes a request message may have
	MaxResponse int64 // bytes a response message may have
	MaxMetadata int64 // bytes of response metadata
	MaxMemory   int64 // bytes the memory of an instance may have
	// How long a call may compute; what it waits does not count.
	MaxCPUTime time.Duration
	// How long the goroutines of an instance whose calls meet may run until all wait, at each thing that comes about.
	MaxEventTime time.Duration
}

// Limits are those in force for the call; all 0 after the handler has returned, and on a host that does not tell.
func (c *Context) Limits() Limits {
	return Limits{
		MaxRequest:   c.limit(abi.MaxRequest),
		MaxResponse:  c.limit(abi.MaxResponse),
		MaxMetadata:  c.limit(abi.MaxMetadata),
		MaxMemory:    c.limit(abi.MaxMemory),
		MaxCPUTime:   time.Duration(c.limit(abi.MaxCPUTime)),
		MaxEventTime: time.Duration(c.limit(abi.MaxEventTime)),
	}
}

func (c *Context) limit(what int32) int64 {
	number := c.info(what)
	if len(number) != 8 {
		return 0
	}
	return int64(min(uint64(little(number))|uint64(little(number[4:]))<<32, math.MaxInt64))
}

func (c *Context) info(what int32) string {
	text, _ := c.lookUp(what)
	return text
}

func (c *Context) lookUp(what int32) (text string, known bool) {
	return abi.Read(func(buffer []byte) int32 { return abi.Info(c.call, what, buffer) })
}

// ---- The response ----

// AddHeader adds a response header, before the first message; keys that end in "-bin" take any bytes, others printable
// ASCII. An error, and nothing is added, when the headers have left, for a key that is gRPC's own or not of lower-case
// letters, digits, '_', '-' and '.', and past 16 KiB in all.
func (c *Context) AddHeader(key, value string) error { return c.add(abi.Headers, key, value) }

// AddTrailer adds a trailer, which is sent with the status; else as AddHeader.
func (c *Context) AddTrailer(key, value string) error { return c.add(abi.Trailers, key, value) }

func (c *Context) add(where int32, key, value string) error {
	switch result := abi.MetadataAdd(c.call, where, key, value); {
	case result >= 0:
		return nil
	case result == abi.Cancelled || result == abi.Closed:
		return c.over()
	default:
		return Error(Internal, "the response metadata \""+key+"\" was refused: its key or value is not allowed, it came too "+
			"late, or there is more than 16 KiB")
	}
}

// SendHeaders sends the response headers now rather than with the first message.
func (c *Context) SendHeaders() error {
	if abi.HeadersSend(c.call) < 0 {
		return c.over()
	}
	return nil
}

// Compress says whether the response messages from here on are compressed; they are not at first. Turn it on before the
// first message, even if only later ones are to be compressed. It tells whether they will be: not when the client
// accepts no compression, or the headers have left without.
func (c *Context) Compress(on bool) bool {
	if on {
		return abi.Compress(c.call, 1) == 1
	}
	abi.Compress(c.call, 0)
	return false
}

// Finish gives the call's status now, for a handler that goes on after the client has its answer; nil is OK. What the
// handler returns is then ignored, and it may not wait any more.
func (c *Context) Finish(err error) error {
	status := StatusOf(err)
	giveDetails(c.call, status)
	if abi.Finish(c.call, int32(status.Code), status.Message) < 0 {
		return c.over()
	}
	return nil
}

// over is the error of what cannot be done any more.
func (c *Context) over() error {
	if err := c.Err(); err != nil {
		return err
	}
	return Error(Canceled, "the call already has its status")
}
