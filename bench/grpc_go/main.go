// The echo service on grpc-go, in its favour: messages stay the bytes that came, neither parsed nor copied where
// the method does not ask for it.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

// message is the bytes of one gRPC message. Whoever decodes it owns one reference; sending it gives that away.
type message struct{ data mem.BufferSlice }

type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) { return v.(*message).data, nil }

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	data.Ref()
	v.(*message).data = data
	return nil
}

func unary(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	request := new(message)
	if err := decode(request); err != nil {
		return nil, err
	}
	return request, nil
}

// A client stream is answered with the payloads of all its messages.
func clientStream(_ any, stream grpc.ServerStream) error {
	var payloads []byte
	for {
		var next message
		err := stream.RecvMsg(&next)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		_, payload, err := parseFields(next.data.Materialize(), 0, 1)
		next.data.Free()
		if err != nil {
			return err
		}
		payloads = append(payloads, payload...)
	}
	return stream.SendMsg(&message{mem.BufferSlice{mem.SliceBuffer(encodeMessage(payloads))}})
}

func serverStream(_ any, stream grpc.ServerStream) error {
	var request message
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	count, payload, err := parseFields(request.data.Materialize(), 1, 2)
	request.data.Free()
	if err != nil {
		return err
	}
	data := mem.BufferSlice{mem.SliceBuffer(encodeMessage(payload))}
	for ; count > 0; count-- {
		if err := stream.SendMsg(&message{data}); err != nil {
			return err
		}
	}
	return nil
}

// encodeMessage makes a message Message { bytes payload = 1; }.
func encodeMessage(payload []byte) []byte {
	data := binary.AppendUvarint([]byte{1<<3 | 2}, uint64(len(payload)))
	return append(data, payload...)
}

// parseFields reads a protobuf message that has a number in one field, or 0 for none, and bytes in another.
func parseFields(data []byte, numberField, bytesField uint64) (number uint64, payload []byte, err error) {
	invalid := status.Error(codes.InvalidArgument, "the request is not the message of echo.proto")
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 {
			return 0, nil, invalid
		}
		value, m := binary.Uvarint(data[n:])
		if m <= 0 {
			return 0, nil, invalid
		}
		data = data[n+m:]
		switch {
		case tag == numberField<<3|0 && numberField != 0:
			number = value
		case tag == bytesField<<3|2 && value <= uint64(len(data)):
			payload = data[:value]
			data = data[value:]
		default:
			return 0, nil, invalid
		}
	}
	return number, payload, nil
}

func bidiStream(_ any, stream grpc.ServerStream) error {
	for {
		var next message
		err := stream.RecvMsg(&next)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.SendMsg(&next); err != nil {
			return err
		}
	}
}

func main() {
	address := flag.String("listen", "", "IPV4:PORT to serve on")
	echoAddress := flag.String("echo", "", "IPV4:PORT of the server that bench.Caller calls (default: its own)")
	version := flag.Bool("version", false, "print the versions in use")
	flag.Parse()
	if *version {
		fmt.Printf("grpc-go %s, %s\n", grpc.Version, runtime.Version())
		return
	}
	listener, err := net.Listen("tcp4", *address)
	if err != nil {
		fmt.Fprintf(os.Stderr, "grpc_go_echo: cannot listen on %q: %v\n", *address, err)
		os.Exit(1)
	}
	server := grpc.NewServer(
		grpc.ForceServerCodecV2(rawCodec{}),
		// Reused goroutines: a tenth faster at 10x10 than one made for each call, which is the default.
		grpc.NumStreamWorkers(16),
		// The windows the yardstick has.
		grpc.InitialWindowSize(4<<20),
		grpc.InitialConnWindowSize(64<<20),
	)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "echo.Echo",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: unary}},
		Streams: []grpc.StreamDesc{
			{StreamName: "ClientStream", Handler: clientStream, ClientStreams: true},
			{StreamName: "ServerStream", Handler: serverStream, ServerStreams: true},
			{StreamName: "BidiStream", Handler: bidiStream, ServerStreams: true, ClientStreams: true},
		},
	}, nil)
	registerEvents(server)
	if err := registerCaller(server, *echoAddress, listener); err != nil {
		fmt.Fprintf(os.Stderr, "grpc_go_echo: %v\n", err)
		os.Exit(1)
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	if err := server.Serve(listener); err != nil {
		fmt.Fprintf(os.Stderr, "grpc_go_echo: %v\n", err)
		os.Exit(1)
	}
}
