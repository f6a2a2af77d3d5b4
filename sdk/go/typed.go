package guest

import (
	"iter"

	"wasm-grpc/guest/internal/abi"
)

// MessageReader is the request messages of a call.
type MessageReader[Message any] struct {
	in    Reader
	codec Codec
}

// Recv is the next message; it waits until there is one. io.EOF after the last one; another error when the call ended
// before, or the bytes are not such a message.
func (r *MessageReader[Message]) Recv() (*Message, error) {
	data, err := r.in.Recv()
	if err != nil {
		return nil, err
	}
	message, err := decode[Message](r.codec, data)
	if err != nil {
		r.in.err = err
		return nil, err
	}
	return message, nil
}

// All is the messages until there are no more: `for message := range in.All()`. Err tells whether that was the end.
func (r *MessageReader[Message]) All() iter.Seq[*Message] { return all(r.Recv) }

// Err is the error that ended the messages before the client did; nil while they come and after the last one. A handler
// that returns nil all the same ends its call with it.
func (r *MessageReader[Message]) Err() error { return r.in.Err() }

// Ready tells whether Recv would return at once.
func (r *MessageReader[Message]) Ready() bool { return r.in.Ready() }

// MessageWriter is the response messages of a call.
type MessageWriter[Message any] struct {
	out   Writer
	codec Codec
}

// Send sends one message; it waits while the client does not read fast enough. An error when the message cannot be
// delivered any more: return. The message may be changed afterwards.
func (w *MessageWriter[Message]) Send(message *Message) error {
	return send(w.out.ctx, w.codec, message)
}

// Ready tells whether Send would return at once.
func (w *MessageWriter[Message]) Ready() bool { return w.out.Ready() }

// Unary adds a method of one request and one response to a service.
func Unary[Request, Response any](service *Service, name string,
	handler func(ctx *Context, request *Request) (*Response, error)) {
	codec := codecFor[Request, Response](service, name)
	service.addTyped(name, abi.Unary, codec, func(ctx *Context) error {
		message, err := decodeRequest[Request](ctx, codec)
		if err != nil {
			return err
		}
		response, err := handler(ctx, message)
		if err != nil {
			return err
		}
		return send(ctx, codec, response)
	})
}

// ClientStream adds a method of many requests and one response to a service.
func ClientStream[Request, Response any](service *Service, name string,
	handler func(ctx *Context, in *MessageReader[Request]) (*Response, error)) {
	codec := codecFor[Request, Response](service, name)
	service.addTyped(name, abi.ClientStream, codec, func(ctx *Context) error {
		in := &MessageReader[Request]{Reader{ctx: ctx}, codec}
		response, err := handler(ctx, in)
		if err := either(err, in.Err()); err != nil {
			return err
		}
		return send(ctx, codec, response)
	})
}

// ServerStream adds a method of one request and many responses to a service.
func ServerStream[Request, Response any](service *Service, name string,
	handler func(ctx *Context, request *Request, out *MessageWriter[Response]) error) {
	codec := codecFor[Request, Response](service, name)
	service.addTyped(name, abi.ServerStream, codec, func(ctx *Context) error {
		message, err := decodeRequest[Request](ctx, codec)
		if err != nil {
			return err
		}
		return handler(ctx, message, &MessageWriter[Response]{Writer{ctx}, codec})
	})
}

// BidiStream adds a method of many requests and many responses, in any order, to a service.
func BidiStream[Request, Response any](service *Service, name string,
	handler func(ctx *Context, in *MessageReader[Request], out *MessageWriter[Response]) error) {
	codec := codecFor[Request, Response](service, name)
	service.addTyped(name, abi.BidiStream, codec, func(ctx *Context) error {
		in := &MessageReader[Request]{Reader{ctx: ctx}, codec}
		return either(handler(ctx, in, &MessageWriter[Response]{Writer{ctx}, codec}), in.Err())
	})
}

// addTyped adds a method that refuses clients whose messages are not in the codec's format.
func (s *Service) addTyped(name string, kind int32, codec Codec, body func(ctx *Context) error) {
	own := ""
	if named, ok := codec.(interface{ ContentSubtype() string }); ok {
		own = named.ContentSubtype()
	}
	s.add(name, kind, func(ctx *Context) error {
		if abi.Info(ctx.call, abi.ContentSubtype, nil) > 0 {
			if theirs := ctx.ContentSubtype(); theirs != own {
				return Error(Unimplemented, "this method does not take messages of application/grpc+"+theirs)
			}
		}
		return body(ctx)
	})
}

// codecFor is the codec of a service, which has to know both types: else the module's initialization panics.
func codecFor[Request, Response any](service *Service, name string) Codec {
	for _, message := range []any{new(Request), new(Response)} {
		if err := service.codec.Check(message); err != nil {
			panic("guest: " + service.name + "/" + name + ": " + err.Error())
		}
	}
	return service.codec
}

func decodeRequest[Message any](ctx *Context, codec Codec) (*Message, error) {
	data, err := request(ctx)
	if err != nil {
		return nil, err
	}
	return decode[Message](codec, data)
}

func decode[Message any](codec Codec, data []byte) (*Message, error) {
	message := new(Message)
	if err := codec.Unmarshal(data, message); err != nil {
		// The code that grpc-go and other servers answer with.
		return nil, Error(Internal, "the request is not a well-formed "+nameOf(message)+": "+err.Error())
	}
	return message, nil
}

func send(ctx *Context, codec Codec, message any) error {
	buffer := takeResponse() // not for another goroutine that sends while this one waits
	encoded, err := codec.Append(buffer[:0], message)
	if err != nil {
		return Error(Internal, "the response cannot be encoded as "+nameOf(message)+": "+err.Error())
	}
	out := Writer{ctx}
	err = out.Send(encoded)
	keepResponse(encoded)
	return err
}
