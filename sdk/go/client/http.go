package client

import (
	"context"
	"strconv"

	"wasm-grpc/guest"
	"wasm-grpc/guest/internal/abi"
)

// HTTPTarget is a target whose address is one of plain HTTP (docs/targets.md). It does not follow redirects.
type HTTPTarget struct{ name string }

// NewHTTPTarget is the target of that name. It asks the host for nothing.
func NewHTTPTarget(name string) *HTTPTarget { return &HTTPTarget{name} }

// HTTPQuestion is what is asked for.
type HTTPQuestion struct {
	Method string // "GET" where it is ""
	Path   string // with its query: "/files?sort=name"
	Body   []byte
	// The server, "HOST[:PORT]", where the target has a wildcard, and only there.
	Authority string
	// Bytes that the body of the answer may have, 1 MiB where it is 0; a larger one is ResourceExhausted.
	MostBody int
}

// HTTPAnswer is what a server has answered, whatever its status says.
type HTTPAnswer struct {
	Status  int // 200 to 599
	Headers Metadata
	Body    []byte
}

// Ask asks, and takes the whole answer. The error says why there is none: [guest.PermissionDenied], [guest.Unavailable],
// [guest.DeadlineExceeded], ... Options are those of gRPC calls: With adds a header, whose value is printable ASCII.
func (t *HTTPTarget) Ask(ctx context.Context, question HTTPQuestion, options ...Option) (*HTTPAnswer, error) {
	var headers Metadata
	options = append(options, Headers(&headers))
	for _, field := range []Pair{{":method", question.Method}, {":authority", question.Authority}} {
		if field.Value != "" {
			options = append(options, With(field.Key, field.Value))
		}
	}
	call := begin(ctx, method{t.name, question.Path, RawCodec{}}, abi.HTTP, options)
	if len(question.Body) == 0 {
		call.halfClose()
	} else if _, err := call.send(&question.Body, 1); err != nil {
		return nil, err
	}
	answer := new(HTTPAnswer)
	if err := call.body(answer, question.MostBody); err != nil {
		return nil, err
	}
	for _, header := range headers {
		if header.Key == ":status" {
			answer.Status, _ = strconv.Atoi(header.Value)
		} else {
			answer.Headers = append(answer.Headers, header)
		}
	}
	return answer, nil
}

// The most of a body that is taken where the question does not say.
const usualMost = 1 << 20

// body takes the answer's body, to its end.
func (c *call) body(answer *HTTPAnswer, most int) error {
	if most == 0 {
		most = usualMost
	}
	for {
		var piece []byte
		received, err := c.recv(&piece)
		switch {
		case err != nil:
			return err
		case !received:
			return c.conclude()
		case len(piece) > most-len(answer.Body):
			c.cancel()
			return c.end(guest.Error(guest.ResourceExhausted, "the body of the answer has more than "+strconv.Itoa(most)+" bytes"))
		}
		answer.Body = append(answer.Body, piece...)
	}
}
