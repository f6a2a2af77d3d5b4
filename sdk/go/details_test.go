package guest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/errdetails"
	"wasm-grpc/guest/guesttest"
)

// unencodable is a detail whose library fails.
type unencodable struct{}

func (unencodable) DetailType() string                  { return "test.Unencodable" }
func (unencodable) AppendDetail([]byte) ([]byte, error) { return nil, errors.New("it is bad") }

func init() {
	guest.NewService("test.Details").
		Unary("Fails", func(*guest.Context, []byte) ([]byte, error) {
			return nil, guest.NewStatus(guest.InvalidArgument, "bad").With(
				&errdetails.BadRequest{FieldViolations: []errdetails.FieldViolation{{Field: "f", Description: "d"}}},
				unencodable{},
				&errdetails.RetryInfo{RetryDelay: 1500 * time.Millisecond})
		}).
		Unary("FailsAtLength", func(*guest.Context, []byte) ([]byte, error) {
			return nil, guest.NewStatus(guest.Internal, "").With(&errdetails.DebugInfo{Detail: strings.Repeat("x", 17<<10)})
		})
}

func TestDetailsAreAGoogleRpcStatus(t *testing.T) {
	result := guesttest.Run(guesttest.Call{Path: "/test.Details/Fails", Requests: [][]byte{{}}})
	if result.Code != guest.InvalidArgument || result.Message != "bad" || len(result.Trailers) != 1 {
		t.Fatalf("it ended with %+v", result)
	}
	bad := "\x0a\x06\x0a\x01f\x12\x01d"
	retry := "\x0a\x08\x08\x01\x10\x80\xca\xb5\xee\x01"
	name := func(kind string) string { return "\x0a" + string(rune(len(kind))) + kind }
	badAny := name("type.googleapis.com/google.rpc.BadRequest") + "\x12" + string(rune(len(bad))) + bad
	retryAny := name("type.googleapis.com/google.rpc.RetryInfo") + "\x12" + string(rune(len(retry))) + retry
	want := "\x08\x03\x12\x03bad\x1a" + string(rune(len(badAny))) + badAny + "\x1a" + string(rune(len(retryAny))) + retryAny
	if got := result.Trailers[0]; got.Key != "grpc-status-details-bin" || got.Value != want {
		t.Errorf("the details are\n%q, not\n%q", got.Value, want)
	}
	if len(result.Log) != 1 || !strings.Contains(result.Log[0], "test.Unencodable: it is bad") {
		t.Errorf("the log is %q", result.Log)
	}
}

func TestDetailsThatAreTooLargeAreInTheLog(t *testing.T) {
	result := guesttest.Run(guesttest.Call{Path: "/test.Details/FailsAtLength", Requests: [][]byte{{}}})
	if result.Code != guest.Internal || len(result.Trailers) != 0 {
		t.Fatalf("it ended with %+v", result)
	}
	if len(result.Log) != 1 || !strings.Contains(result.Log[0], "more than 16 KiB") {
		t.Errorf("the log is %q", result.Log)
	}
}
