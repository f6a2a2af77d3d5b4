package guest

import (
	"io"
	"iter"
	"sync"

	"wasm-grpc/guest/internal/abi"
)

// Reader is the request messages of a call, as bytes.
type Reader struct {
	ctx *Context
	err error // why there are no more, io.EOF after the last
}

// Recv is the next message; it waits until there is one. io.EOF after the last one; another error when the call ended
// before. The bytes are valid until the next Recv.
func (r *Reader) Recv() ([]byte, error) {
	buffer := r.ctx.requestBuffer()
	for r.err == nil {
		size := abi.Recv(r.ctx.call, *buffer)
		switch {
		case size > int32(len(*buffer)):
			*buffer = make([]byte, grown(int(size)))
		case size >= 0:
			return (*buffer)[:size:size], nil
		case size == abi.Again:
			if r.ctx.wait(abi.Readable, -1) < 0 {
				r.err = r.ctx.Err()
			}
		case size == abi.End:
			r.err = io.EOF
		default:
			r.err = r.ctx.ended()
		}
	}
	return nil, r.err
}

// All is the messages until there are no more: `for message := range in.All()`. Err tells whether that was the end. The
// bytes are valid until the next message is asked for.
func (r *Reader) All() iter.Seq[[]byte] { return all(r.Recv) }

// Err is the error that ended the messages before the client did; nil while they come and after the last one. A handler
// that returns nil all the same ends its call with it.
func (r *Reader) Err() error {
	if r.err == io.EOF {
		return nil
	}
	return r.err
}

// Ready tells whether Recv would return at once.
func (r *Reader) Ready() bool { return r.err != nil || abi.Wait(r.ctx.call, abi.Readable, 0) != 0 }

func all[M any](recv func() (M, error)) iter.Seq[M] {
	return func(yield func(M) bool) {
		for {
			message, err := recv()
			if err != nil || !yield(message) {
				return
			}
		}
	}
}

// Writer is the response messages of a call, as bytes.
type Writer struct{ ctx *Context }

// Send sends one message; it waits while the client does not read fast enough. The host copies the bytes. An error when
// the message cannot be delivered any more: return.
func (w *Writer) Send(message []byte) error {
	for {
		if err := w.ctx.known(); err != nil {
			return err
		}
		switch result := abi.Send(w.ctx.call, message); {
		case result >= 0:
			return nil
		case result != abi.Again:
			return w.ctx.over()
		default:
			w.ctx.wait(abi.Writable, -1)
		}
	}
}

// Ready tells whether Send would return at once.
func (w *Writer) Ready() bool { return abi.Wait(w.ctx.call, abi.Writable, 0) != 0 }

// What an instance keeps from call to call, so that calls do not allocate it.
var buffers struct {
	request  []byte     // the message received last, in handler style
	mutex    sync.Mutex // of response
	response []byte     // where messages are encoded
}

func takeResponse() []byte {
	buffers.mutex.Lock()
	defer buffers.mutex.Unlock()
	taken := buffers.response
	buffers.response = nil
	return taken
}

func keepResponse(buffer []byte) {
	buffers.mutex.Lock()
	defer buffers.mutex.Unlock()
	buffers.response = buffer
}

// The most of each buffer that is kept after a call.
const mostKept = 1 << 20

func grown(size int) int { return max(size+size/4, 4096) }

// request receives the one request of a unary or server-streaming method.
func request(ctx *Context) ([]byte, error) {
	in := Reader{ctx: ctx}
	message, err := in.Recv()
	if err == io.EOF {
		return nil, Error(InvalidArgument, "the request message is missing")
	}
	return message, err
}

// serve calls a handler's body with a new context, and closes that.
func serve(call int32, body func(ctx *Context) error) int32 {
	ctx := &Context{call: call}
	code := end(call, body(ctx))
	ctx.close()
	if len(buffers.request) > mostKept {
		buffers.request = nil
	}
	if response := takeResponse(); cap(response) <= mostKept {
		keepResponse(response)
	}
	return code
}
