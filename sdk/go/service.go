package guest

import "wasm-grpc/guest/internal/abi"

// Service is one gRPC service of the module, to which methods are added while the module is initialized. The handlers
// of its own methods take and return messages as bytes; the functions [Unary], [ClientStream], [ServerStream] and
// [BidiStream] add handlers of messages.
type Service struct {
	name  string
	codec Codec
}

type method struct {
	path string
	kind int32
	body func(ctx *Context) error
}

var (
	methods        []method // the index is the method's tag
	descriptorSets [][]byte
	healthAtStart  = map[string]bool{}
	started        bool
)

func init() {
	abi.Start = declare
	abi.Serve = dispatch
}

// NewService begins the service of that name, "package.Service".
func NewService(name string) *Service { return &Service{name: name, codec: DefaultCodec()} }

// Codec makes the methods that are added from here on turn messages to bytes by another codec than the default, which
// takes what protobuf-go-lite and vtprotobuf generate. It returns s.
func (s *Service) Codec(codec Codec) *Service {
	s.codec = codec
	return s
}

// Unary adds a method of one request and one response. The request is valid until the handler returns, unless the
// handler returns it, or a part of it, itself.
func (s *Service) Unary(name string, handler func(ctx *Context, request []byte) ([]byte, error)) *Service {
	return s.add(name, abi.Unary, func(ctx *Context) error {
		message, err := request(ctx)
		if err != nil {
			return err
		}
		response, err := handler(ctx, message)
		return reply(ctx, response, err)
	})
}

// ClientStream adds a method of many requests and one response.
func (s *Service) ClientStream(name string, handler func(ctx *Context, in *Reader) ([]byte, error)) *Service {
	return s.add(name, abi.ClientStream, func(ctx *Context) error {
		in := &Reader{ctx: ctx}
		response, err := handler(ctx, in)
		return reply(ctx, response, either(err, in.Err()))
	})
}

// ServerStream adds a method of one request and many responses. The request is valid until the handler returns.
func (s *Service) ServerStream(name string, handler func(ctx *Context, request []byte, out *Writer) error) *Service {
	return s.add(name, abi.ServerStream, func(ctx *Context) error {
		message, err := request(ctx)
		if err != nil {
			return err
		}
		return handler(ctx, message, &Writer{ctx})
	})
}

// BidiStream adds a method of many requests and many responses, in any order.
func (s *Service) BidiStream(name string, handler func(ctx *Context, in *Reader, out *Writer) error) *Service {
	return s.add(name, abi.BidiStream, func(ctx *Context) error {
		in := &Reader{ctx: ctx}
		return either(handler(ctx, in, &Writer{ctx}), in.Err())
	})
}

// SetServing says whether the service is fit to serve, which health checks then tell; it is at first. It holds for all
// instances of the module, when it was called in the first one's initialization or in a call.
func (s *Service) SetServing(serving bool) {
	if !started {
		healthAtStart[s.name] = serving
		return
	}
	setServing(s.name, serving)
}

// Descriptors gives the host a serialized google.protobuf.FileDescriptorSet of the services, with all files that they
// import, for server reflection. While the module is initialized.
func Descriptors(fileDescriptorSet []byte) {
	descriptorSets = append(descriptorSets, fileDescriptorSet)
}

func (s *Service) add(name string, kind int32, body func(ctx *Context) error) *Service {
	register("/"+s.name+"/"+name, kind, body)
	return s
}

func register(path string, kind int32, body func(ctx *Context) error) {
	if started {
		panic("guest: " + path[1:] + " is added after the module's initialization; add methods in init()")
	}
	methods = append(methods, method{path, kind, body})
}

// reply sends the response of a handler that has one, or gives its error.
func reply(ctx *Context, response []byte, err error) error {
	if err != nil {
		return err
	}
	out := Writer{ctx}
	return out.Send(response)
}

func either(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

func setServing(service string, serving bool) {
	value := int32(0)
	if serving {
		value = 1
	}
	abi.HealthSet(service, value)
}

// declare is wasm_grpc_start. What the host refuses is not looked at: it then fails the load of the module, and says why.
func declare() {
	started = true
	declareShared()
	for tag, method := range methods {
		abi.Method(method.path, method.kind, style(), int32(tag))
	}
	for _, set := range descriptorSets {
		abi.Descriptors(set)
	}
	for service, serving := range healthAtStart {
		setServing(service, serving)
	}
	for _, declare := range abi.AtStart {
		declare()
	}
}

// dispatch is wasm_grpc_call.
func dispatch(call, tag int32) int32 {
	if tag < 0 || int(tag) >= len(methods) {
		return int32(Unimplemented)
	}
	return serve(call, methods[tag].body)
}
