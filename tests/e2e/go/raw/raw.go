// Package raw calls by grpc-go with messages that are bytes, taken apart and put together by protowire: no code is
// generated.
package raw

import (
	"bytes"
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// codec passes messages through: each is a *[]byte.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*message.(*[]byte))}, nil
}

func (codec) Unmarshal(data mem.BufferSlice, message any) error {
	*message.(*[]byte) = data.Materialize()
	return nil
}

var _ encoding.CodecV2 = codec{}

// Dial makes a connection of its own to an address.
func Dial(address string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	return DialTarget("passthrough:///"+address, options...)
}

// DialTarget does so to a target, which a resolver makes addresses of.
func DialTarget(target string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	options = append(options, grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(codec{}), grpc.MaxCallRecvMsgSize(64<<20)))
	return grpc.NewClient(target, options...)
}

// Unary calls a method and returns its reply.
func Unary(ctx context.Context, connection grpc.ClientConnInterface, path string, request []byte, options ...grpc.CallOption) ([]byte, error) {
	var reply []byte
	err := connection.Invoke(ctx, path, &request, &reply, options...)
	return reply, err
}

// Open starts a stream. Every kind of stream may be opened so: what is sent and received decides.
func Open(ctx context.Context, connection grpc.ClientConnInterface, path string, options ...grpc.CallOption) (grpc.ClientStream, error) {
	return connection.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, path, options...)
}

// OpenWith starts a stream of one request.
func OpenWith(ctx context.Context, connection grpc.ClientConnInterface, path string, request []byte) (grpc.ClientStream, error) {
	stream, err := Open(ctx, connection, path)
	if err != nil {
		return nil, err
	}
	_ = Send(stream, request) // what went wrong is told by Receive
	return stream, stream.CloseSend()
}

func Send(stream grpc.ClientStream, message []byte) error { return stream.SendMsg(&message) }

func Receive(stream grpc.ClientStream) ([]byte, error) {
	var message []byte
	err := stream.RecvMsg(&message)
	return message, err
}

// Text is a field of a message.
func Text(number protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

// Number is a field of a message.
func Number(field protowire.Number, value int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), uint64(value))
}

func Join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// Fields reads a message: for each number the last value, bytes or a decimal number.
func Fields(message []byte) (map[protowire.Number]string, error) {
	found := map[protowire.Number]string{}
	for len(message) > 0 {
		field, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return nil, fmt.Errorf("not a message: %w", protowire.ParseError(size))
		}
		message = message[size:]
		switch kind {
		case protowire.VarintType:
			var value uint64
			value, size = protowire.ConsumeVarint(message)
			found[field] = fmt.Sprint(value)
		case protowire.BytesType:
			var value []byte
			value, size = protowire.ConsumeBytes(message)
			found[field] = string(value)
		default:
			return nil, fmt.Errorf("field %d is of type %d", field, kind)
		}
		if size < 0 {
			return nil, fmt.Errorf("field %d: %w", field, protowire.ParseError(size))
		}
		message = message[size:]
	}
	return found, nil
}
