package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"wasm-grpc-tests/e2e/raw"
)

// Of the examples that are there in C++ and in Go, both are to do the same.
func TestGreeterSaysHello(t *testing.T)     { testGreeter(t, "greeter") }
func TestGreeterInGoSaysHello(t *testing.T) { testGreeter(t, "greeter-go") }

func testGreeter(t *testing.T, guest string) {
	connection := dial(t, serve(t, guest))
	for _, name := range []string{"Ada", "", "世界"} {
		reply, err := raw.Unary(within(t, limit), connection, "/helloworld.Greeter/SayHello", raw.Text(1, name))
		if err != nil || fields(t, reply)[1] != "Hello "+name {
			t.Fatalf("said %q, %v", reply, err)
		}
	}
	stream := open(t, within(t, limit), connection, "/helloworld.Greeter/SayHelloStreamReply")
	_ = raw.Send(stream, raw.Text(1, "Ada"))
	_ = stream.CloseSend()
	for _, want := range []string{"Hello Ada", "Nice to see you, Ada", "Take care, Ada"} {
		reply, err := raw.Receive(stream)
		if err != nil || fields(t, reply)[1] != want {
			t.Fatalf("said %q, %v", reply, err)
		}
	}
	if _, err := raw.Receive(stream); err != io.EOF {
		t.Fatalf("expected the end, got %v", err)
	}
}

func point(latitude, longitude int) []byte {
	return raw.Join(raw.Number(1, latitude), raw.Number(2, longitude))
}

func TestRouteGuideServesAllFourKinds(t *testing.T)     { testRouteGuide(t, "route_guide") }
func TestRouteGuideInGoServesAllFourKinds(t *testing.T) { testRouteGuide(t, "route-guide-go") }

func testRouteGuide(t *testing.T, guest string) {
	connection := dial(t, serve(t, guest))
	bridge := point(471000000, 100000000)
	works := point(471328004, 100930217)

	reply, err := raw.Unary(within(t, limit), connection, "/routeguide.RouteGuide/GetFeature", bridge)
	if err != nil || fields(t, reply)[1] != "Heron Bridge" {
		t.Fatalf("GetFeature: %q, %v", reply, err)
	}

	list := open(t, within(t, limit), connection, "/routeguide.RouteGuide/ListFeatures")
	_ = raw.Send(list, raw.Join(raw.Text(1, string(point(0, 0))), raw.Text(2, string(point(900000000, 1800000000)))))
	_ = list.CloseSend()
	names := map[string]bool{}
	for {
		feature, err := raw.Receive(list)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names[fields(t, feature)[1]] = true
	}
	if len(names) != 50 || !names["Heron Bridge"] || !names["Far Pasture"] {
		t.Fatalf("ListFeatures: %v", names)
	}

	record := open(t, within(t, limit), connection, "/routeguide.RouteGuide/RecordRoute")
	for _, place := range [][]byte{bridge, works, point(1, 1)} {
		_ = raw.Send(record, place)
	}
	_ = record.CloseSend()
	summary, err := raw.Receive(record)
	if err != nil || fields(t, summary)[1] != "3" || fields(t, summary)[2] != "2" {
		t.Fatalf("RecordRoute: %v, %v", fields(t, summary), err)
	}

	chat := open(t, within(t, limit), connection, "/routeguide.RouteGuide/RouteChat")
	for _, words := range []string{"first", "second"} {
		_ = raw.Send(chat, raw.Join(raw.Text(1, string(bridge)), raw.Text(2, words)))
	}
	note, err := raw.Receive(chat)
	if err != nil || fields(t, note)[2] != "first" {
		t.Fatalf("RouteChat: %q, %v", note, err)
	}
	_ = chat.CloseSend()
	if _, err := raw.Receive(chat); err != io.EOF {
		t.Fatalf("expected the end, got %v", err)
	}
}

func TestEchoReturnsLargeMessagesUpToTheLimit(t *testing.T) {
	connection := dial(t, serve(t, "echo"))
	message := bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16)
	for _, size := range []int{0, 1, 16384, 65535, 65536, 1 << 20, 4 << 20} {
		reply, err := raw.Unary(within(t, limit), connection, "/echo.Echo/Unary", message[:size])
		if err != nil || !bytes.Equal(reply, message[:size]) {
			t.Fatalf("%d bytes: %d came back, %v", size, len(reply), err)
		}
	}
	_, err := raw.Unary(within(t, limit), connection, "/echo.Echo/Unary", append(message, '!'))
	wantCode(t, err, codes.ResourceExhausted)
}

func TestEchoAnswers100StreamsAtOnceOverOneConnection(t *testing.T) {
	connection := dial(t, serve(t, "echo"))
	ctx := within(t, limit)
	var streams []grpc.ClientStream
	for range 100 {
		streams = append(streams, open(t, ctx, connection, "/echo.Echo/BidiStream"))
	}
	var group sync.WaitGroup
	failures := make(chan error, len(streams))
	for i, stream := range streams {
		group.Go(func() { failures <- converse(stream, i) })
	}
	group.Wait()
	close(failures)
	for err := range failures {
		if err != nil {
			t.Error(err)
		}
	}
}

// converse sends a hundred messages, each after the answer to the one before.
func converse(stream grpc.ClientStream, id int) error {
	for n := range 100 {
		sent := fmt.Appendf(nil, "message %d of stream %d", n, id)
		if err := raw.Send(stream, sent); err != nil {
			return err
		}
		if got, err := raw.Receive(stream); err != nil || !bytes.Equal(got, sent) {
			return fmt.Errorf("sent %q, got %q, %w", sent, got, err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if got, err := raw.Receive(stream); err != io.EOF {
		return fmt.Errorf("expected the end, got %q, %w", got, err)
	}
	return nil
}

func TestMetadataTravelsBothWays(t *testing.T) {
	connection := dial(t, serve(t, "conformance"))
	ctx := metadata.AppendToOutgoingContext(within(t, limit),
		"x-text", "one", "x-text", "two", "x-raw-bin", "\x00\xff\x80", "x-raw-bin", "")
	var headers, trailers metadata.MD
	if _, err := raw.Unary(ctx, connection, "/test.Guest/EchoMetadata", nil, grpc.Header(&headers), grpc.Trailer(&trailers)); err != nil {
		t.Fatal(err)
	}
	for _, returned := range []metadata.MD{headers, trailers} {
		if !slices.Equal(returned["x-text"], []string{"one", "two"}) ||
			!slices.Equal(returned["x-raw-bin"], []string{"\x00\xff\x80", ""}) {
			t.Fatalf("came back: %v", returned)
		}
	}
}

func TestEveryStatusArrivesWithItsMessage(t *testing.T) {
	connection := dial(t, serve(t, "conformance"))
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		message := fmt.Sprintf("100 %% of %v – 世界\n", code)
		_, err := raw.Unary(within(t, limit), connection, "/test.Guest/Fail", raw.Join(raw.Number(1, int(code)), raw.Text(2, message)))
		wantCode(t, err, code)
		if got := status.Convert(err).Message(); got != message {
			t.Fatalf("expected %q, got %q", message, got)
		}
	}
	_, err := raw.Unary(within(t, limit), connection, "/test.Guest/Nothing", nil)
	wantCode(t, err, codes.Unimplemented)
}

func TestADeadlineStopsGuestsThatSleepAndGuestsThatSpin(t *testing.T) {
	connection := dial(t, serve(t, "conformance", "--workers=1", "--instances=1"))
	for path, request := range map[string][]byte{"/test.Guest/Sleep": raw.Number(1, 60_000), "/test.Guest/Spin": nil} {
		_, err := raw.Unary(within(t, 300*time.Millisecond), connection, path, request)
		wantCode(t, err, codes.DeadlineExceeded)
		if _, err := raw.Unary(within(t, limit), connection, "/test.Guest/Count", nil); err != nil {
			t.Fatalf("after %s: %v", path, err)
		}
	}
}

func TestACancelledCallMakesWayForTheNext(t *testing.T) {
	connection := dial(t, serve(t, "conformance", "--workers=1", "--instances=1"))
	for range 10 {
		ctx, cancel := context.WithCancel(within(t, limit))
		stream := open(t, ctx, connection, "/test.Guest/WaitCancel")
		if _, err := raw.Receive(stream); err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := raw.Receive(stream); status.Code(err) != codes.Canceled {
			t.Fatalf("expected a cancelled stream, got %v", err)
		}
		if _, err := raw.Unary(within(t, limit), connection, "/test.Guest/Count", nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestATrapIsInternalAndTheNextCallWorks(t *testing.T) {
	connection := dial(t, serve(t, "conformance", "--workers=1", "--instances=1", "--log-level=error"))
	for range 5 {
		_, err := raw.Unary(within(t, limit), connection, "/test.Guest/Trap", nil)
		wantCode(t, err, codes.Internal)
	}
	if reply, err := raw.Unary(within(t, limit), connection, "/test.Guest/Count", nil); err != nil || fields(t, reply)[1] != "1" {
		t.Fatalf("%q, %v", reply, err)
	}
}

func TestASlowReaderGetsAllOfALongStream(t *testing.T) {
	connection := dial(t, serve(t, "echo"))
	stream := open(t, within(t, limit), connection, "/echo.Echo/ServerStream")
	payload := string(bytes.Repeat([]byte("x"), 10_000))
	_ = raw.Send(stream, raw.Join(raw.Number(1, 2000), raw.Text(2, payload)))
	_ = stream.CloseSend()
	for n := 0; ; n++ {
		if n%500 == 0 {
			time.Sleep(50 * time.Millisecond)
		}
		reply, err := raw.Receive(stream)
		if errors.Is(err, io.EOF) {
			if n != 2000 {
				t.Fatalf("%d messages came", n)
			}
			return
		}
		if err != nil || fields(t, reply)[1] != payload {
			t.Fatalf("message %d: %v", n, err)
		}
	}
}

func TestCompressedCallsComeBackCompressed(t *testing.T) {
	connection := dial(t, serve(t, "conformance"))
	words := string(bytes.Repeat([]byte("all work and no play "), 10_000))
	for _, size := range []int{0, 1, len(words)} {
		reply, err := raw.Unary(within(t, limit), connection, "/test.Guest/Compress",
			raw.Join(raw.Text(1, words[:size]), raw.Number(2, 1)), grpc.UseCompressor(gzip.Name))
		if err != nil {
			t.Fatal(err)
		}
		if got := fields(t, reply); got[1] != words[:size] || got[2] != "gzip" || got[3] != "1" {
			t.Fatalf("%d bytes: encoding %q, done %q", size, got[2], got[3])
		}
	}
}
