// The greeter on connect-go: by gRPC, gRPC-Web and Connect on one port, over HTTP/2 without TLS and HTTP/1.1.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"

	"connectrpc.com/connect"
	"wasm-grpc-bench/connect_go/helloworld"
)

//go:generate protoc -I../../examples/greeter --go_out=helloworld --go_opt=paths=source_relative --go_opt=Mhelloworld.proto=wasm-grpc-bench/connect_go/helloworld helloworld.proto

func sayHello(_ context.Context, request *connect.Request[helloworld.HelloRequest]) (*connect.Response[helloworld.HelloReply], error) {
	return connect.NewResponse(&helloworld.HelloReply{Message: "Hello " + request.Msg.GetName()}), nil
}

func main() {
	address := flag.String("listen", "", "IPV4:PORT to serve on")
	version := flag.Bool("version", false, "print the versions in use")
	flag.Parse()
	if *version {
		fmt.Printf("connect-go %s, %s\n", connect.Version, runtime.Version())
		return
	}
	listener, err := net.Listen("tcp4", *address)
	if err != nil {
		fmt.Fprintf(os.Stderr, "connect_go_greeter: cannot listen on %q: %v\n", *address, err)
		os.Exit(1)
	}
	routes := http.NewServeMux()
	routes.Handle("/helloworld.Greeter/SayHello", connect.NewUnaryHandler("/helloworld.Greeter/SayHello", sayHello))
	server := &http.Server{Handler: routes, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	fmt.Printf("listening on %s\n", listener.Addr())
	if err := server.Serve(listener); err != nil {
		fmt.Fprintf(os.Stderr, "connect_go_greeter: %v\n", err)
		os.Exit(1)
	}
}
