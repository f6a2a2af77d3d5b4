package connect

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	"wasm-grpc-tests/e2e/served"
)

const full = `{"text": "世界", "count": 3, "large": "-9007199254740993", "data": "AP+A", "color": "RED",
  "children": [{"text": "child"}], "numbers": {"one": 1}, "time": "2026-11-29T12:00:00.5Z", "number": 0.25}`

func TestUnaryCalls(t *testing.T) {
	address := served.Guests(t, "described").Addresses[0]
	service := mirror(t, address)
	inEach(t, every, func(t *testing.T, tongue tongue) {
		unary := methodOf(t, address, service, "Unary", tongue)
		for _, json := range []string{full, `{}`} {
			said := unary.say(t, json)
			reply, err := unary.CallUnary(within(t, limit), connect.NewRequest(said))
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, reply.Msg, said)
		}
	})
}

func TestServerStreams(t *testing.T) {
	address := served.Guests(t, "described").Addresses[0]
	service := mirror(t, address)
	inEach(t, every, func(t *testing.T, tongue tongue) {
		stream := methodOf(t, address, service, "ServerStream", tongue)
		said := stream.say(t, full)
		replies, err := stream.CallServerStream(within(t, limit), connect.NewRequest(said))
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for ; replies.Receive(); count++ {
			wantEqual(t, replies.Msg(), said)
		}
		if err := errors.Join(replies.Err(), replies.Close()); count != 3 || err != nil {
			t.Fatalf("%d messages came, %v", count, err)
		}
	})
}

func TestClientStreams(t *testing.T) {
	address := served.Guests(t, "described").Addresses[0]
	service := mirror(t, address)
	inEach(t, every, func(t *testing.T, tongue tongue) {
		method := methodOf(t, address, service, "ClientStream", tongue)
		stream := method.CallClientStream(within(t, limit))
		for _, json := range []string{`{"text": "first"}`, `{}`, full} {
			if err := stream.Send(method.say(t, json)); err != nil {
				t.Fatal(err)
			}
		}
		reply, err := stream.CloseAndReceive()
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, reply.Msg, method.say(t, full))
	})
}

func TestBidiStreamsAreAnsweredMessageByMessage(t *testing.T) {
	address := served.Guests(t, "described").Addresses[0]
	service := mirror(t, address)
	inEach(t, overHTTP2, func(t *testing.T, tongue tongue) {
		method := methodOf(t, address, service, "BidiStream", tongue)
		stream := method.CallBidiStream(within(t, limit))
		for _, json := range []string{`{"text": "first"}`, `{}`, full} {
			if err := stream.Send(method.say(t, json)); err != nil {
				t.Fatal(err)
			}
			reply, err := stream.Receive()
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, reply, method.say(t, json))
		}
		if err := stream.CloseRequest(); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Receive(); !errors.Is(err, io.EOF) {
			t.Fatalf("expected the end, got %v", err)
		}
		_ = stream.CloseResponse()
	})
}

func TestMessagesAreCompressedBothWays(t *testing.T) {
	address := served.Guests(t, "described").Addresses[0]
	service := mirror(t, address)
	inEach(t, every, func(t *testing.T, tongue tongue) {
		words := `{"count": 2, "text": "` + strings.Repeat("all work and no play ", 1000) + `"}`
		unary := methodOf(t, address, service, "Unary", tongue, connect.WithSendGzip())
		request := connect.NewRequest(unary.say(t, words))
		request.Header().Set("x-compress", "yes")
		reply, err := unary.CallUnary(within(t, limit), request)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, reply.Msg, request.Msg)
		sent, answered := unary.wire.last()
		heads := []http.Header{sent.Header, answered.Header}
		if tongue.name == "gRPC/JSON" {
			heads = heads[:1] // answers in application/grpc+json are not compressed
		}
		for _, head := range heads {
			if !slices.Contains(append(head["Content-Encoding"], head["Grpc-Encoding"]...), "gzip") {
				t.Errorf("not compressed: %v", head)
			}
		}

		stream := methodOf(t, address, service, "ServerStream", tongue, connect.WithSendGzip())
		replies, err := stream.CallServerStream(within(t, limit), connect.NewRequest(stream.say(t, words)))
		if err != nil {
			t.Fatal(err)
		}
		for replies.Receive() {
			wantEqual(t, replies.Msg(), request.Msg)
		}
		if err := errors.Join(replies.Err(), replies.Close()); err != nil {
			t.Fatal(err)
		}
	})
}

// info is a detail such as google.rpc's, and the status that carries it.
func info(t *testing.T) (*errdetails.ErrorInfo, []byte) {
	t.Helper()
	info := &errdetails.ErrorInfo{Reason: "STOCKOUT", Domain: "example.com", Metadata: map[string]string{"zone": "世界"}}
	detail, err := anypb.New(info)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := proto.Marshal(&spb.Status{Code: 9, Message: "not now", Details: []*anypb.Any{detail}})
	if err != nil {
		t.Fatal(err)
	}
	return info, bytes
}

func wantInfo(t *testing.T, err error, want *errdetails.ErrorInfo) {
	t.Helper()
	wantCode(t, err, connect.CodeFailedPrecondition)
	var failed *connect.Error
	if !errors.As(err, &failed) || failed.Message() != "not now" || len(failed.Details()) != 1 {
		t.Fatalf("expected one detail and its message, got %v", err)
	}
	got, err := failed.Details()[0].Value()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, got, want)
}

func TestErrorsOfStreamsCarryDetails(t *testing.T) {
	address := served.Guests(t, "described").Addresses[0]
	service := mirror(t, address)
	want, status := info(t)
	inEach(t, every, func(t *testing.T, tongue tongue) {
		for _, before := range []uint32{0, 2} {
			method := methodOf(t, address, service, "Fail", tongue)
			request := method.say(t, `{"code": 9, "message": "not now"}`)
			fields := request.Descriptor().Fields()
			request.Set(fields.ByName("details"), protoreflect.ValueOfBytes(status))
			request.Set(fields.ByName("messages_before"), protoreflect.ValueOfUint32(before))
			replies, err := method.CallServerStream(within(t, limit), connect.NewRequest(request))
			if err == nil {
				count := uint32(0)
				for ; replies.Receive(); count++ {
				}
				if count != before {
					t.Errorf("%d messages came, not %d", count, before)
				}
				err = replies.Err()
				_ = replies.Close()
			}
			wantInfo(t, err, want)
		}
	})
}

func TestErrorsOfUnaryCallsCarryDetails(t *testing.T) {
	address := served.Guests(t, "conformance").Addresses[0]
	want, status := info(t)
	request := unknown(t, 1, 9, 2, "not now", 4, status)
	inEach(t, binary, func(t *testing.T, tongue tongue) {
		_, err := plain[emptypb.Empty, emptypb.Empty](t, address, "/test.Guest/Fail", tongue).
			CallUnary(within(t, limit), connect.NewRequest(request))
		wantInfo(t, err, want)
	})
}

func TestEveryCodeArrivesWithItsMessage(t *testing.T) {
	address := served.Guests(t, "conformance").Addresses[0]
	inEach(t, binary, func(t *testing.T, tongue tongue) {
		fail := plain[emptypb.Empty, emptypb.Empty](t, address, "/test.Guest/Fail", tongue)
		for code := connect.CodeCanceled; code <= connect.CodeUnauthenticated; code++ {
			message := "100 % of " + code.String() + " – 世界\n"
			_, err := fail.CallUnary(within(t, limit), connect.NewRequest(unknown(t, 1, int(code), 2, message)))
			wantCode(t, err, code)
			var failed *connect.Error
			if errors.As(err, &failed); failed.Message() != message {
				t.Errorf("expected %q, got %q", message, failed.Message())
			}
		}
		_, err := plain[emptypb.Empty, emptypb.Empty](t, address, "/test.Guest/Nothing", tongue).
			CallUnary(within(t, limit), connect.NewRequest(&emptypb.Empty{}))
		wantCode(t, err, connect.CodeUnimplemented)
	})
}

func TestMetadataTravelsBothWays(t *testing.T) {
	address := served.Guests(t, "conformance").Addresses[0]
	inEach(t, binary, func(t *testing.T, tongue tongue) {
		request := connect.NewRequest(&emptypb.Empty{})
		request.Header()["X-Text"] = []string{"one", "two"}
		request.Header().Set("X-Raw-Bin", connect.EncodeBinaryHeader([]byte("\x00\xff\x80")))
		reply, err := plain[emptypb.Empty, emptypb.Empty](t, address, "/test.Guest/EchoMetadata", tongue).
			CallUnary(within(t, limit), request)
		if err != nil {
			t.Fatal(err)
		}
		for _, returned := range []http.Header{reply.Header(), reply.Trailer()} {
			raw, err := connect.DecodeBinaryHeader(returned.Get("X-Raw-Bin"))
			if !slices.Equal(returned["X-Text"], []string{"one", "two"}) || string(raw) != "\x00\xff\x80" || err != nil {
				t.Errorf("came back: %v", returned)
			}
		}
	})
}

func TestTrailersOfStreamsArrive(t *testing.T) {
	address := served.Guests(t, "described").Addresses[0]
	service := mirror(t, address)
	inEach(t, every, func(t *testing.T, tongue tongue) {
		method := methodOf(t, address, service, "Look", tongue)
		reply, err := method.CallUnary(within(t, limit), connect.NewRequest(method.say(t, full)))
		if err != nil || reply.Trailer().Get("X-Trailer") != "the end" {
			t.Fatalf("%v, %v", reply, err)
		}
	})
	inEach(t, every, func(t *testing.T, tongue tongue) {
		method := methodOf(t, address, service, "ServerStream", tongue)
		replies, err := method.CallServerStream(within(t, limit), connect.NewRequest(method.say(t, full)))
		if err != nil {
			t.Fatal(err)
		}
		for replies.Receive() {
		}
		if err := errors.Join(replies.Err(), replies.Close()); err != nil || replies.ResponseTrailer().Get("X-Trailer") != "the end" {
			t.Fatalf("%v, %v", replies.ResponseTrailer(), err)
		}
	})
}

func TestADeadlineReachesTheGuestAndEndsIt(t *testing.T) {
	address := served.Guests(t, "conformance", "--workers=1", "--instances=1").Addresses[0]
	inEach(t, binary, func(t *testing.T, tongue tongue) {
		sleep := plain[wrapperspb.UInt32Value, emptypb.Empty](t, address, "/test.Guest/Sleep", tongue)
		_, err := sleep.CallUnary(within(t, 300*time.Millisecond), connect.NewRequest(wrapperspb.UInt32(60_000)))
		wantCode(t, err, connect.CodeDeadlineExceeded)
		// The one instance is free for the next.
		count := plain[emptypb.Empty, wrapperspb.UInt64Value](t, address, "/test.Guest/Count", tongue)
		if _, err := count.CallUnary(within(t, limit), connect.NewRequest(&emptypb.Empty{})); err != nil {
			t.Fatal(err)
		}
	})
}

func TestACancelledCallMakesWayForTheNext(t *testing.T) {
	address := served.Guests(t, "conformance", "--workers=1", "--instances=1").Addresses[0]
	inEach(t, binaryOverHTTP2, func(t *testing.T, tongue tongue) {
		for range 5 {
			ctx, cancel := context.WithCancel(within(t, limit))
			stream := plain[emptypb.Empty, emptypb.Empty](t, address, "/test.Guest/WaitCancel", tongue).CallBidiStream(ctx)
			if err := stream.Send(nil); err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Receive(); err != nil {
				t.Fatal(err)
			}
			cancel()
			_, err := stream.Receive()
			wantCode(t, err, connect.CodeCanceled)
			count := plain[emptypb.Empty, wrapperspb.UInt64Value](t, address, "/test.Guest/Count", tongue)
			if _, err := count.CallUnary(within(t, limit), connect.NewRequest(&emptypb.Empty{})); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestWhatOnlyReadsIsCalledByGet(t *testing.T) {
	address := served.Guests(t, "described").Addresses[0]
	service := mirror(t, address)
	connectTongues := func(tongue tongue) bool { return strings.HasPrefix(tongue.name, "Connect") }
	inEach(t, connectTongues, func(t *testing.T, tongue tongue) {
		for _, options := range [][]connect.ClientOption{nil, {connect.WithSendGzip()}} {
			options = append(options, connect.WithHTTPGet(), connect.WithIdempotency(connect.IdempotencyNoSideEffects))
			look := methodOf(t, address, service, "Look", tongue, options...)
			said := look.say(t, full)
			reply, err := look.CallUnary(within(t, limit), connect.NewRequest(said))
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, reply.Msg, said)
			if sent, _ := look.wire.last(); sent.Method != http.MethodGet {
				t.Fatalf("called by %s", sent.Method)
			}

			// The server believes its descriptors, not the client.
			unary := methodOf(t, address, service, "Unary", tongue, options...)
			if _, err := unary.CallUnary(within(t, limit), connect.NewRequest(unary.say(t, full))); err == nil {
				t.Fatal("what may change something was called by GET")
			}
		}
	})
}

func TestMessagesLargerThanTheLimitAreRefused(t *testing.T) {
	address := served.Guests(t, "described", "--max-message-size=100000").Addresses[0]
	service := mirror(t, address)
	inEach(t, every, func(t *testing.T, tongue tongue) {
		for _, options := range [][]connect.ClientOption{nil, {connect.WithSendGzip()}} {
			unary := methodOf(t, address, service, "Unary", tongue, options...)
			_, err := unary.CallUnary(within(t, limit), connect.NewRequest(unary.say(t, `{"text": "`+strings.Repeat("x", 99_000)+`"}`)))
			if err != nil {
				t.Fatal(err)
			}
			_, err = unary.CallUnary(within(t, limit), connect.NewRequest(unary.say(t, `{"text": "`+strings.Repeat("x", 101_000)+`"}`)))
			wantCode(t, err, connect.CodeResourceExhausted)
		}
	})
}
