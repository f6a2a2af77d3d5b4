// Package e2e calls the program by grpc-go. Messages are raw bytes (codec below), taken apart and put together by
// protowire: no code is generated.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

const limit = 30 * time.Second

// rawCodec passes messages through: each is a *[]byte.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*message.(*[]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, message any) error {
	*message.(*[]byte) = data.Materialize()
	return nil
}

var _ encoding.CodecV2 = rawCodec{}

// serve starts a server of these guests and returns its address; it is stopped, and judged, after the test.
func serve(t *testing.T, arguments ...string) string {
	t.Helper()
	command := []string{"serve", "--listen", "127.0.0.1:0", "--code-cache", os.Getenv("WASM_GRPC_TEST_CODE_CACHE")}
	for _, argument := range arguments {
		if !strings.HasPrefix(argument, "--") {
			argument = filepath.Join(os.Getenv("WASM_GRPC_TEST_GUESTS"), argument+".wasm")
		}
		command = append(command, argument)
	}
	process := exec.Command(os.Getenv("WASM_GRPC_TEST_PROGRAM"), command...)
	var log bytes.Buffer
	process.Stderr = &log
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	killer := time.AfterFunc(2*limit, func() { _ = process.Process.Kill() })
	lines := bufio.NewScanner(stdout)
	address := ""
	for address == "" && lines.Scan() {
		address, _ = strings.CutPrefix(lines.Text(), "listening on ")
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines.Scan() {
		}
	}()
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		<-drained
		if err := process.Wait(); err != nil {
			t.Errorf("the server did not stop well: %v\n%s", err, log.String())
		}
		killer.Stop()
	})
	if address == "" {
		t.Fatal("the server does not listen")
	}
	return address
}

// dial opens a connection that is closed after the test.
func dial(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{}), grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

func within(t *testing.T, time time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time)
	t.Cleanup(cancel)
	return ctx
}

// unary calls a method and returns its reply.
func unary(ctx context.Context, connection *grpc.ClientConn, path string, request []byte, options ...grpc.CallOption) ([]byte, error) {
	var reply []byte
	err := connection.Invoke(ctx, path, &request, &reply, options...)
	return reply, err
}

// open starts a stream. Every kind of stream may be opened so: what is sent and received decides.
func open(t *testing.T, ctx context.Context, connection *grpc.ClientConn, path string) grpc.ClientStream {
	t.Helper()
	stream, err := connection.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, path)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func send(stream grpc.ClientStream, message []byte) error { return stream.SendMsg(&message) }

func receive(stream grpc.ClientStream) ([]byte, error) {
	var message []byte
	err := stream.RecvMsg(&message)
	return message, err
}

func wantCode(t *testing.T, err error, code codes.Code) {
	t.Helper()
	if status.Code(err) != code {
		t.Fatalf("expected %v, got %v", code, err)
	}
}

// Fields of protobuf messages.

func text(number protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

func number(field protowire.Number, value int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), uint64(value))
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// fields reads a message: for each number the last value, bytes or a decimal number.
func fields(t *testing.T, message []byte) map[protowire.Number]string {
	t.Helper()
	found := map[protowire.Number]string{}
	for len(message) > 0 {
		field, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			t.Fatalf("not a message: %v", protowire.ParseError(size))
		}
		message = message[size:]
		switch kind {
		case protowire.VarintType:
			value, size := protowire.ConsumeVarint(message)
			found[field] = fmt.Sprint(value)
			message = message[size:]
		case protowire.BytesType:
			value, size := protowire.ConsumeBytes(message)
			found[field] = string(value)
			message = message[size:]
		default:
			t.Fatalf("field %d is of type %d", field, kind)
		}
	}
	return found
}
