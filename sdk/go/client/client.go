// Package client calls the services that the operator grants a module, its targets (docs/guest-go.md, "Call other
// services"):
//
//	var greeter = client.NewService("greeter", "helloworld.Greeter")
//	var sayHello = client.Unary[helloworld.HelloRequest, helloworld.HelloReply](greeter, "SayHello")
//
//	reply, err := sayHello(ctx, &helloworld.HelloRequest{Name: "Ada"})
//
// A call made with the context of one that is served, or with one derived from that, ends by its deadline, and when its
// client goes. Errors are a *guest.Status. While a call is waited for, the goroutines of the instance go on. All that is open when
// the handler returns is given up.
package client

import (
	"wasm-grpc/guest"
	"wasm-grpc/guest/internal/abi"
)

// Service is a service of a target.
type Service struct {
	target, name string
	codec        guest.Codec
}

// NewService is the service of that name, "package.Service", of the target of that name. It asks the host for nothing.
func NewService(target, name string) *Service {
	return &Service{target: target, name: name, codec: guest.DefaultCodec()}
}

// Codec makes the methods that are named from here on turn messages to bytes by another codec than the default, as
// guest.Service.Codec does; RawCodec is for messages that are bytes. It returns s.
func (s *Service) Codec(codec guest.Codec) *Service {
	s.codec = codec
	return s
}

// Require says that the module needs a target, so that it does not load where that is not granted. While the module is
// initialized.
func Require(target string) {
	abi.AtStart = append(abi.AtStart, func() { abi.ClientRequire(target) }) // refused, the host fails the load, and says why
}

// method is one of a service, for calls of it.
type method struct {
	target, path string
	codec        guest.Codec
}

// methodOf panics, while the module is initialized, where the codec does not know the types.
func methodOf[Request, Response any](service *Service, name string) method {
	for _, message := range []any{new(Request), new(Response)} {
		if err := service.codec.Check(message); err != nil {
			panic("client: " + service.name + "/" + name + ": " + err.Error())
		}
	}
	return method{service.target, "/" + service.name + "/" + name, service.codec}
}

// RawCodec is the codec of messages that are bytes: client.Unary[[]byte, []byte](service, "Method").
type RawCodec struct{}

// Append appends the bytes.
func (RawCodec) Append(buffer []byte, message any) ([]byte, error) {
	return append(buffer, *message.(*[]byte)...), nil
}

// Unmarshal copies the bytes.
func (RawCodec) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}

// Check refuses other types than []byte.
func (RawCodec) Check(message any) error {
	if _, ok := message.(*[]byte); ok {
		return nil
	}
	return guest.Error(guest.Internal, "messages of RawCodec are []byte")
}
