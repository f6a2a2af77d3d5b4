package client

import (
	"context"
	"io"
	"iter"

	"wasm-grpc/guest/internal/abi"
)

// Unary is what calls a method of one request and one response.
func Unary[Request, Response any](service *Service,
	name string) func(ctx context.Context, request *Request, options ...Option) (*Response, error) {
	method := methodOf[Request, Response](service, name)
	return func(ctx context.Context, request *Request, options ...Option) (*Response, error) {
		call := begin(ctx, method, abi.Unary, options)
		if _, err := call.send(request, 1); err != nil {
			return nil, err
		}
		response := new(Response)
		if err := call.reply(response); err != nil {
			return nil, err
		}
		return response, nil
	}
}

// ServerStream is what calls a method of one request and many responses.
func ServerStream[Request, Response any](service *Service,
	name string) func(ctx context.Context, request *Request, options ...Option) *Reader[Response] {
	method := methodOf[Request, Response](service, name)
	return func(ctx context.Context, request *Request, options ...Option) *Reader[Response] {
		call := begin(ctx, method, abi.ServerStream, options)
		_, _ = call.send(request, 1) // Recv tells
		return &Reader[Response]{call}
	}
}

// ClientStream is what calls a method of many requests and one response.
func ClientStream[Request, Response any](service *Service,
	name string) func(ctx context.Context, options ...Option) *Writer[Request, Response] {
	method := methodOf[Request, Response](service, name)
	return func(ctx context.Context, options ...Option) *Writer[Request, Response] {
		return &Writer[Request, Response]{begin(ctx, method, abi.ClientStream, options)}
	}
}

// BidiStream is what calls a method of many requests and many responses.
func BidiStream[Request, Response any](service *Service,
	name string) func(ctx context.Context, options ...Option) *Stream[Request, Response] {
	method := methodOf[Request, Response](service, name)
	return func(ctx context.Context, options ...Option) *Stream[Request, Response] {
		return &Stream[Request, Response]{Reader[Response]{begin(ctx, method, abi.BidiStream, options)}}
	}
}

// Reader is the responses of a call.
type Reader[Response any] struct{ call *call }

// Recv is the next response; it waits until there is one. io.EOF after the last one of a call that ended well; the call's
// status else.
func (r *Reader[Response]) Recv() (*Response, error) {
	response := new(Response)
	received, err := r.call.recv(response)
	if err == nil && !received {
		err = r.call.conclude()
		if err == nil {
			err = io.EOF
		}
	}
	if err != nil {
		return nil, err
	}
	return response, nil
}

// All is the responses until there are no more: `for response := range reader.All()`. Err tells how they ended. A loop that
// is left early gives the call up.
func (r *Reader[Response]) All() iter.Seq[*Response] {
	return func(yield func(*Response) bool) {
		for {
			response, err := r.Recv()
			if err != nil {
				return
			}
			if !yield(response) {
				r.Close()
				return
			}
		}
	}
}

// Err is the error that ended the responses; nil while they come, and when the call ended well, or was given up by Close.
func (r *Reader[Response]) Err() error {
	_, err := r.call.known()
	return err
}

// Close gives the call up, unless it has ended. Calls that are read to their end need none.
func (r *Reader[Response]) Close() { _ = r.call.end(nil) }

// Writer is the requests of a call with one response.
type Writer[Request, Response any] struct{ call *call }

// Send sends one request; it waits while the target does not read fast enough. io.EOF when the call has ended: Finish tells how.
func (w *Writer[Request, Response]) Send(request *Request) error { return send(w.call, request) }

// Finish says that these were all, and waits for the response.
func (w *Writer[Request, Response]) Finish() (*Response, error) {
	w.call.halfClose()
	response := new(Response)
	if err := w.call.reply(response); err != nil {
		return nil, err
	}
	return response, nil
}

// Close gives the call up, unless it has ended.
func (w *Writer[Request, Response]) Close() { _ = w.call.end(nil) }

// Stream is both directions of a call. One goroutine may send while another receives.
type Stream[Request, Response any] struct{ Reader[Response] }

// Send sends one request; it waits while the target does not read fast enough. io.EOF when the call has ended: Recv tells how.
func (s *Stream[Request, Response]) Send(request *Request) error { return send(s.call, request) }

// CloseSend says that these were all.
func (s *Stream[Request, Response]) CloseSend() { s.call.halfClose() }

// send sends a request that others may follow.
func send(call *call, request any) error {
	sent, err := call.send(request, 0)
	if err == nil && !sent {
		return io.EOF
	}
	return err
}
