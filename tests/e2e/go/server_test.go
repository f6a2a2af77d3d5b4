// Package e2e calls the program by grpc-go.
package e2e

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"wasm-grpc-tests/e2e/raw"
	"wasm-grpc-tests/e2e/served"
)

const limit = served.Limit

func serve(t *testing.T, arguments ...string) string {
	return served.Guests(t, arguments...).Addresses[0]
}

// dial opens a connection that is closed after the test.
func dial(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	connection, err := raw.Dial(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
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

// open starts a stream.
func open(t *testing.T, ctx context.Context, connection *grpc.ClientConn, path string) grpc.ClientStream {
	t.Helper()
	stream, err := raw.Open(ctx, connection, path)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func wantCode(t *testing.T, err error, code codes.Code) {
	t.Helper()
	if status.Code(err) != code {
		t.Fatalf("expected %v, got %v", code, err)
	}
}

// fields reads a message: for each number the last value, bytes or a decimal number.
func fields(t *testing.T, message []byte) map[protowire.Number]string {
	t.Helper()
	found, err := raw.Fields(message)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
