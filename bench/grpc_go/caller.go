// bench.Caller (../calls/caller.proto): what calls echo.Echo itself, by one connection of grpc-go's client.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

const echoUnary = "/echo.Echo/Unary"

var driven = []byte("\x0a\x05abcde")

type caller struct{ echo *grpc.ClientConn }

func (c *caller) call(ctx context.Context, request mem.BufferSlice) (mem.BufferSlice, error) {
	var reply message
	err := c.echo.Invoke(ctx, echoUnary, &message{request}, &reply)
	return reply.data, err
}

func (c *caller) forward(ctx context.Context, request mem.BufferSlice) (mem.BufferSlice, error) {
	return c.call(ctx, request)
}

// gather calls three at once; the answers one after the other are the merged message.
func (c *caller) gather(ctx context.Context, request mem.BufferSlice) (mem.BufferSlice, error) {
	type answer struct {
		data mem.BufferSlice
		err  error
	}
	answers := make(chan answer, 3)
	for range cap(answers) {
		// Sending a message gives one reference away.
		request.Ref()
		go func() {
			data, err := c.call(ctx, request)
			answers <- answer{data, err}
		}()
	}
	request.Free()
	var merged mem.BufferSlice
	var failed error
	for range cap(answers) {
		one := <-answers
		if one.err != nil {
			failed = one.err
		}
		merged = append(merged, one.data...)
	}
	return merged, failed
}

func (c *caller) drive(ctx context.Context, request mem.BufferSlice) (mem.BufferSlice, error) {
	count, _, err := parseFields(request.Materialize(), 1, 0)
	request.Free()
	if err != nil {
		return nil, err
	}
	for range count {
		reply, err := c.call(ctx, mem.BufferSlice{mem.SliceBuffer(driven)})
		if err != nil {
			return nil, err
		}
		if string(reply.Materialize()) != string(driven) {
			return nil, status.Error(codes.Internal, "the echo is another message")
		}
		reply.Free()
	}
	done := binary.LittleEndian.AppendUint32([]byte{1<<3 | 5}, uint32(count))
	return mem.BufferSlice{mem.SliceBuffer(append(done, 2<<3|5, 0, 0, 0, 0))}, nil
}

// registerCaller has its calls answered by the server at address, "" for the one that serves them.
func registerCaller(server *grpc.Server, address string, own net.Listener) error {
	if address == "" {
		address = own.Addr().String()
	}
	echo, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{})),
		grpc.WithInitialWindowSize(4<<20), grpc.WithInitialConnWindowSize(64<<20))
	if err != nil {
		return fmt.Errorf("cannot call %q: %w", address, err)
	}
	calls := &caller{echo}
	unary := func(name string, serve func(context.Context, mem.BufferSlice) (mem.BufferSlice, error)) grpc.MethodDesc {
		return grpc.MethodDesc{MethodName: name, Handler: func(_ any, ctx context.Context, decode func(any) error,
			_ grpc.UnaryServerInterceptor) (any, error) {
			var request message
			if err := decode(&request); err != nil {
				return nil, err
			}
			reply, err := serve(ctx, request.data)
			if err != nil {
				return nil, err
			}
			return &message{reply}, nil
		}}
	}
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "bench.Caller",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{unary("Forward", calls.forward), unary("Gather", calls.gather),
			unary("Drive", calls.drive)},
	}, nil)
	return nil
}
