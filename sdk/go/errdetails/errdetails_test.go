package errdetails_test

import (
	"encoding/hex"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/errdetails"
)

// every is all of them, as Google's implementation encodes them; nil where the SDK stands alone.
func every(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../../tests/sdk/error_details/every.hex")
	if err != nil {
		t.Skip("it is not in a checkout: ", err)
	}
	bytes, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

var details = []guest.DetailReader{
	&errdetails.ErrorInfo{Reason: "PAST", Domain: "api.test", Metadata: map[string]string{"year": "2026", "day": "Monday"}},
	&errdetails.RetryInfo{RetryDelay: 1500 * time.Millisecond},
	&errdetails.DebugInfo{StackEntries: []string{"main", ""}, Detail: "größer"},
	&errdetails.QuotaFailure{Violations: []errdetails.QuotaViolation{{Subject: "user:ada", Description: "of today"}}},
	&errdetails.PreconditionFailure{Violations: []errdetails.PreconditionViolation{
		{Type: "TOS", Subject: "api.test", Description: "not accepted"}, {Type: "AGE"}}},
	&errdetails.BadRequest{FieldViolations: []errdetails.FieldViolation{
		{Field: "date", Description: "is in the past", Reason: "PAST"}, {Field: "time", Description: "is missing"}}},
	&errdetails.RequestInfo{RequestID: "r-7", ServingData: "s"},
	&errdetails.ResourceInfo{ResourceType: "book", ResourceName: "b-1", Owner: "ada", Description: "is lent"},
	&errdetails.Help{Links: []errdetails.Link{{Description: "dates", URL: "https://api.test/dates"}}},
	&errdetails.LocalizedMessage{Locale: "de", Message: "kein solcher Tag"},
}

// fresh is another of the same type.
func fresh(detail guest.DetailReader) guest.DetailReader {
	return reflect.New(reflect.TypeOf(detail).Elem()).Interface().(guest.DetailReader)
}

func TestDetailsAreEncodedAsGoogleDoes(t *testing.T) {
	status := guest.NewStatus(guest.InvalidArgument, "no such date")
	for _, detail := range details {
		status.With(detail)
	}
	if got, want := hex.EncodeToString(status.Details), hex.EncodeToString(every(t)); got != want {
		t.Fatalf("%s\nis not\n%s", got, want)
	}
}

func TestDetailsThatOthersSentAreFound(t *testing.T) {
	status := &guest.Status{Code: guest.InvalidArgument, Details: every(t)}
	for _, want := range details {
		got := fresh(want)
		if !status.Detail(got) || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v is not %+v", got, want)
		}
	}
	var bad errdetails.BadRequest
	if guest.NewStatus(guest.NotFound, "").With(details[0]).Detail(&bad) {
		t.Error("one was found that is not there")
	}
}

func TestDetailsThatAreCutOffAreNone(t *testing.T) {
	whole := every(t)
	for size := range whole {
		status := &guest.Status{Details: whole[:size]}
		for _, detail := range details {
			got := fresh(detail)
			if status.Detail(got) && !reflect.DeepEqual(got, detail) {
				t.Fatalf("of %d bytes: %+v", size, got)
			}
		}
	}
	for _, detail := range details {
		for _, malformed := range []string{"\xff", "\x0a\x05abc", "\x0a\x01\xff", "\x0b", "\x00\x01"} {
			if fresh(detail).ReadDetail([]byte(malformed)) == nil {
				t.Errorf("%T is read of %q", detail, malformed)
			}
		}
	}
}

func TestATimeThatIsTooLongIsTheLongest(t *testing.T) {
	var retry errdetails.RetryInfo
	for text, want := range map[string]time.Duration{
		"\x0a\x0a\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f":     9223372036 * time.Second,
		"\x0a\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01": -1,
		"": 0,
	} {
		if err := retry.ReadDetail([]byte(text)); err != nil || retry.RetryDelay != want {
			t.Errorf("%q is %v, %v", text, retry.RetryDelay, err)
		}
	}
}
