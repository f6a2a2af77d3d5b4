package trace_test

import (
	"strings"
	"testing"

	"wasm-grpc/guest"
	"wasm-grpc/guest/guesttest"
	"wasm-grpc/guest/trace"
)

const id = "4bf92f3577b34da6a3ce929d0e0e4736"

var seen struct{ id string }

func init() {
	guest.NewService("test.Trace").Unary("Id", func(ctx *guest.Context, request []byte) ([]byte, error) {
		seen.id = ctx.TraceID()
		outer := trace.Begin(ctx, "outer")
		inner := outer.Begin("inner")
		inner.Set("key", "value")
		inner.Fail()
		inner.End()
		outer.End()
		outer.End()
		if outer.Recorded() || inner.Recorded() {
			return nil, guest.Error(guest.Internal, "natively nothing is recorded")
		}
		return nil, nil
	})
}

func TestACallNamesItsTrace(t *testing.T) {
	for metadata, want := range map[string]string{
		"traceparent: 00-" + id + "-00f067aa0ba902b7-01":                                     id,
		"traceparent: cc-" + id + "-00f067aa0ba902b7-01-more":                                id,
		"traceparent: 00-" + id:                                                              "",
		"traceparent: 00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01":                "",
		"traceparent: 00-" + strings.Repeat("G", 32) + "-00f067aa0ba902b7-01":                "",
		"grpc-trace-bin: \x00\x00" + strings.Repeat("\xab", 16) + strings.Repeat("\x01", 11): strings.Repeat("ab", 16),
		"grpc-trace-bin: " + strings.Repeat("\x00", 29):                                      "",
		"other: ": "",
	} {
		key, value, _ := strings.Cut(metadata, ": ")
		result := guesttest.Run(guesttest.Call{
			Path: "/test.Trace/Id", Metadata: []guesttest.Pair{{Key: key, Value: value}}, Requests: [][]byte{{}},
		})
		if result.Code != guest.OK || seen.id != want {
			t.Errorf("%q: %q, %v", metadata, seen.id, result)
		}
	}
}
