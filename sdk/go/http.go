package guest

import (
	"io"
	"iter"

	"wasm-grpc/guest/internal/abi"
)

// HTTP serves requests that are not gRPC, at a path and below it: "/" gets every request, "/files" gets /files and
// /files/a. Of the prefixes of all modules the longest that fits serves a request.
//
// When the handler returns nil, the body of the answer ends. Another error, where nothing has left yet, is answered by
// the HTTP status that fits its code ([NotFound] 404, [Unavailable] 503) and its message as text; later it breaks the
// answer off, which the client sees.
func HTTP(prefix string, handler func(request *HTTPRequest, response *HTTPResponse) error) {
	register(prefix, abi.HTTP, func(ctx *Context) error {
		request := &HTTPRequest{ctx: ctx, body: httpBody{in: Reader{ctx: ctx}}}
		err := handler(request, &HTTPResponse{ctx: ctx, out: Writer{ctx}})
		return either(err, request.body.in.Err())
	})
}

// HTTPRequest is a request that is not gRPC, while its handler runs.
type HTTPRequest struct {
	ctx  *Context
	body httpBody
}

// Context tells of the client, its address and whether it is still there. It has no deadline.
func (r *HTTPRequest) Context() *Context { return r.ctx }

// Method is "GET", "POST", ...
func (r *HTTPRequest) Method() string { return r.ctx.info(abi.HTTPMethod) }

// Target is the path with its query as the client sent it, "/files/a%20b?sort=name". Nothing in it is decoded or
// resolved.
func (r *HTTPRequest) Target() string { return r.ctx.Path() }

// Header is the first value of the header of that name (lower-case). The client may have sent any bytes but control
// characters.
func (r *HTTPRequest) Header(name string) (value string, ok bool) { return r.ctx.Metadata(name) }

// Headers is every header in the order sent, as (name, value); names are lower-case.
func (r *HTTPRequest) Headers() iter.Seq2[string, string] { return r.ctx.AllMetadata() }

// Body is the request's body as it comes: Read waits for it, and tells io.EOF after its end, another error when the
// client went away before. It may be of any size: use io.LimitReader where it is kept. A handler that returns nil though
// the client went away before the end ends the exchange with that error.
func (r *HTTPRequest) Body() io.Reader { return &r.body }

type httpBody struct {
	in   Reader
	rest []byte // of the piece received last
}

func (b *httpBody) Read(buffer []byte) (int, error) {
	if err := b.in.ctx.known(); err != nil {
		return 0, err // the rest may be another call's by now
	}
	if len(buffer) == 0 {
		return 0, nil
	}
	if len(b.rest) == 0 {
		var err error
		if b.rest, err = b.in.Recv(); err != nil {
			return 0, err
		}
	}
	size := copy(buffer, b.rest)
	b.rest = b.rest[size:]
	return size, nil
}

// HTTPResponse is the answer to an HTTP request. Status and headers leave with the first piece of the body, or at the
// end. It is an io.Writer of the body.
type HTTPResponse struct {
	ctx *Context
	out Writer
}

// SetStatus sets the status, 200 to 599; it is 200 without. An error, and nothing changes, for another number and when
// the headers have left.
func (r *HTTPResponse) SetStatus(status int) error {
	switch result := abi.HTTPStatus(r.ctx.call, int32(status)); {
	case result >= 0:
		return nil
	case result == abi.Cancelled || result == abi.Closed:
		return r.ctx.over()
	}
	return Error(Internal, "the HTTP status was refused: it is not one of 200 to 599, or came after the headers had left")
}

// AddHeader adds a header: a name of lower-case letters, digits, '_', '-' and '.', and a value of printable ASCII. An
// error, and nothing is added, for others, for headers that are the host's (content-length, connection and the like),
// when they have left, and past 16 KiB in all.
func (r *HTTPResponse) AddHeader(name, value string) error { return r.ctx.AddHeader(name, value) }

// SendHeaders sends status and headers now rather than with the first piece of the body.
func (r *HTTPResponse) SendHeaders() error { return r.ctx.SendHeaders() }

// The most that is given to the host at once, so that a client that reads slowly holds the rest up here.
const largestPiece = 64 << 10

// Write sends a piece of the body, of any size; it waits while the client does not read fast enough. An error when it
// cannot be delivered any more: return. To a HEAD request nothing of it is sent.
func (r *HTTPResponse) Write(body []byte) (int, error) {
	written := 0
	for written < len(body) {
		piece := body[written:min(written+largestPiece, len(body))]
		if err := r.out.Send(piece); err != nil {
			return written, err
		}
		written += len(piece)
	}
	return written, nil
}

// Reply is a whole answer: return what it returns.
func (r *HTTPResponse) Reply(status int, contentType string, body []byte) error {
	if err := r.SetStatus(status); err != nil {
		return err
	}
	if err := r.AddHeader("content-type", contentType); err != nil {
		return err
	}
	_, err := r.Write(body)
	return err
}
