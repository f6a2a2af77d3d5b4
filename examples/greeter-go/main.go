// helloworld.Greeter (examples/greeter/helloworld.proto) as a guest in Go, with the small messages of protobuf-go-lite.
package main

import (
	_ "embed"

	"greeter-go/helloworld"

	"wasm-grpc/guest"
)

//go:generate protoc -I../greeter --go-lite_out=helloworld --go-lite_opt=features=marshal+unmarshal+size,Mhelloworld.proto=greeter-go/helloworld,paths=source_relative helloworld.proto
//go:generate protoc -I../greeter --include_imports --descriptor_set_out=helloworld/helloworld.desc helloworld.proto

//go:embed helloworld/helloworld.desc
var descriptors []byte

func init() {
	guest.Descriptors(descriptors)
	greeter := guest.NewService("helloworld.Greeter")
	guest.Unary(greeter, "SayHello", sayHello)
	guest.ServerStream(greeter, "SayHelloStreamReply", sayHelloStreamReply)
}

func sayHello(_ *guest.Context, request *helloworld.HelloRequest) (*helloworld.HelloReply, error) {
	return &helloworld.HelloReply{Message: "Hello " + request.Name}, nil
}

func sayHelloStreamReply(_ *guest.Context, request *helloworld.HelloRequest,
	out *guest.MessageWriter[helloworld.HelloReply]) error {
	for _, words := range []string{"Hello ", "Nice to see you, ", "Take care, "} {
		if err := out.Send(&helloworld.HelloReply{Message: words + request.Name}); err != nil {
			return err
		}
	}
	return nil
}

func main() {}
