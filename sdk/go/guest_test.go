package guest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/guesttest"
	"wasm-grpc/guest/hostlog"
)

// The handlers below leave here what they saw.
var seen struct {
	err     error
	context *guest.Context
	done    <-chan struct{}

	peer                guest.TLSName
	isDNS, isCommonName bool
}

type words struct{ Words []string }

// jsonCodec is for any type.
type jsonCodec struct{}

func (jsonCodec) Append(buffer []byte, message any) ([]byte, error) {
	encoded, err := json.Marshal(message)
	return append(buffer, encoded...), err
}
func (jsonCodec) Unmarshal(data []byte, message any) error { return json.Unmarshal(data, message) }
func (jsonCodec) Check(any) error                          { return nil }
func (jsonCodec) ContentSubtype() string                   { return "json" }

// vtWords is as protobuf-go-lite would generate it, but for its encoding.
type vtWords struct{ text string }

func (w *vtWords) SizeVT() int { return len(w.text) }
func (w *vtWords) MarshalToSizedBufferVT(buffer []byte) (int, error) {
	return copy(buffer[len(buffer)-len(w.text):], w.text), nil
}
func (w *vtWords) UnmarshalVT(data []byte) error {
	if bytes.HasPrefix(data, []byte("bad")) {
		return errors.New("it is bad")
	}
	w.text = string(data)
	return nil
}

func init() {
	guest.NewService("test.Bytes").
		Unary("Upper", func(_ *guest.Context, request []byte) ([]byte, error) { return bytes.ToUpper(request), nil }).
		Unary("Tell", func(ctx *guest.Context, _ []byte) ([]byte, error) {
			seen.peer, _ = ctx.TLSPeer()
			seen.isDNS = ctx.HasTLSName(guest.TLSDNS, "admin")
			seen.isCommonName = ctx.HasTLSName(guest.TLSCommonName, "admin")
			return fmt.Appendf(nil, "%q %v", ctx.ContentSubtype(), ctx.TLSNames()), nil
		}).
		Unary("Wait", func(ctx *guest.Context, _ []byte) ([]byte, error) {
			seen.context, seen.done = ctx, ctx.Done()
			seen.err = ctx.Sleep(time.Hour)
			return nil, seen.err
		}).
		Unary("Keep", func(ctx *guest.Context, _ []byte) ([]byte, error) {
			seen.context = ctx
			return nil, nil
		}).
		Unary("Recovered", func(*guest.Context, []byte) (response []byte, err error) {
			defer func() { err = guest.Error(guest.Internal, fmt.Sprint(recover())) }()
			panic("caught")
		}).
		ClientStream("Lengths", func(_ *guest.Context, in *guest.Reader) ([]byte, error) {
			var lengths []string
			for message := range in.All() {
				lengths = append(lengths, fmt.Sprint(len(message)))
			}
			return []byte(strings.Join(lengths, ",")), nil // without a look at in.Err()
		}).
		ServerStream("Count", func(_ *guest.Context, request []byte, out *guest.Writer) error {
			for i := range request {
				if err := out.Send(request[:i]); err != nil {
					return err
				}
			}
			return nil
		}).
		BidiStream("Two", func(_ *guest.Context, in *guest.Reader, out *guest.Writer) error {
			first, err := in.Recv()
			if err != nil {
				return err
			}
			kept := slices.Clone(first)
			_, seen.err = in.Recv()
			return out.Send(kept)
		})

	in := guest.NewService("test.JSON").Codec(jsonCodec{})
	guest.Unary(in, "Reverse", func(_ *guest.Context, request *words) (*words, error) {
		slices.Reverse(request.Words)
		return request, nil
	})
	guest.ClientStream(in, "Join", func(_ *guest.Context, in *guest.MessageReader[words]) (*words, error) {
		var all words
		for message := range in.All() {
			all.Words = append(all.Words, message.Words...)
		}
		return &all, nil // without a look at in.Err()
	})
	vt := guest.NewService("test.VT")
	guest.ServerStream(vt, "Twice", func(_ *guest.Context, request *vtWords, out *guest.MessageWriter[vtWords]) error {
		return errors.Join(out.Send(request), out.Send(request))
	})
	guest.BidiStream(vt, "Echo", func(_ *guest.Context, in *guest.MessageReader[vtWords], out *guest.MessageWriter[vtWords]) error {
		for message := range in.All() {
			if err := out.Send(message); err != nil {
				return err
			}
		}
		return nil
	})
}

func run(path string, requests ...string) guesttest.Result {
	return runCall(guesttest.Call{Path: path}, requests...)
}

func runCall(call guesttest.Call, requests ...string) guesttest.Result {
	for _, request := range requests {
		call.Requests = append(call.Requests, []byte(request))
	}
	return guesttest.Run(call)
}

func want(t *testing.T, result guesttest.Result, code guest.Code, message string, responses ...string) {
	t.Helper()
	var got []string
	for _, response := range result.Responses {
		got = append(got, string(response))
	}
	if result.Code != code || !strings.Contains(result.Message, message) || !slices.Equal(got, responses) {
		t.Fatalf("expected %v %q %q, got %v %q %q", code, message, responses, result.Code, result.Message, got)
	}
}

func TestBytesTravelInAllFourKinds(t *testing.T) {
	want(t, run("/test.Bytes/Upper", "some words"), guest.OK, "", "SOME WORDS")
	want(t, run("/test.Bytes/Upper", ""), guest.OK, "", "")
	want(t, run("/test.Bytes/Lengths", "a", "", strings.Repeat("b", 5000)), guest.OK, "", "1,0,5000")
	want(t, run("/test.Bytes/Count", "123"), guest.OK, "", "", "1", "12")
	want(t, run("/test.Bytes/Two", "one"), guest.OK, "", "one")
	if seen.err != io.EOF {
		t.Fatalf("after the last message Recv says %v", seen.err)
	}
}

func TestMessagesTravelByTheServicesCodec(t *testing.T) {
	want(t, run("/test.JSON/Reverse", `{"Words":["a","b"]}`), guest.OK, "", `{"Words":["b","a"]}`)
	want(t, run("/test.JSON/Join", `{"Words":["a"]}`, `{"Words":["b"]}`), guest.OK, "", `{"Words":["a","b"]}`)
	want(t, run("/test.VT/Twice", "twice"), guest.OK, "", "twice", "twice")
	long := strings.Repeat("long", 100_000)
	want(t, run("/test.VT/Echo", "short", long, "short"), guest.OK, "", "short", long, "short")
}

func TestAMessageThatIsNoneEndsTheCall(t *testing.T) {
	want(t, run("/test.JSON/Reverse", "["), guest.Internal, "the request is not a well-formed guest_test.words")
	want(t, run("/test.JSON/Join", `{"Words":["a"]}`, "["), guest.Internal, "guest_test.words")
	want(t, run("/test.VT/Echo", "good", "bad"), guest.Internal, "it is bad", "good")
	want(t, run("/test.Bytes/Upper"), guest.InvalidArgument, "missing")
}

func TestAnIncompleteStreamIsNotAnsweredAsIfItWereWhole(t *testing.T) {
	want(t, runCall(guesttest.Call{Path: "/test.Bytes/Lengths", Cancel: true}, "one"), guest.Canceled, "")
}

func TestMessagesOfAnotherFormatAreRefused(t *testing.T) {
	for _, path := range []string{"/test.VT/Twice", "/test.VT/Echo"} {
		refused := runCall(guesttest.Call{Path: path, ContentSubtype: "json"}, "text")
		want(t, refused, guest.Unimplemented, "application/grpc+json")
	}
	for path, request := range map[string]string{"/test.JSON/Reverse": `{"Words":[]}`, "/test.JSON/Join": `{"Words":null}`} {
		want(t, runCall(guesttest.Call{Path: path, ContentSubtype: "json"}, request), guest.OK, "", request)
		want(t, runCall(guesttest.Call{Path: path, ContentSubtype: "foo"}, request), guest.Unimplemented, "application/grpc+foo")
	}
	want(t, runCall(guesttest.Call{Path: "/test.Bytes/Upper", ContentSubtype: "foo"}, "all"), guest.OK, "", "ALL")
	want(t, run("/test.Bytes/Tell", ""), guest.OK, "", `"" []`)
	told := runCall(guesttest.Call{Path: "/test.Bytes/Tell", ContentSubtype: "foo"}, "")
	want(t, told, guest.OK, "", `"foo" []`)
}

func TestAClientIsNamedWithTheKindsOfItsNames(t *testing.T) {
	names := []guest.TLSName{{Kind: guest.TLSURI, Value: "spiffe://a/b"}, {Kind: guest.TLSCommonName, Value: "admin"}}
	told := runCall(guesttest.Call{Path: "/test.Bytes/Tell", TLSNames: names}, "")
	want(t, told, guest.OK, "", `"" [uri:spiffe://a/b cn:admin]`)
	if seen.isDNS || !seen.isCommonName || seen.peer != names[0] {
		t.Fatalf("admin is a common name and nothing else, and the URI comes first: %+v", seen)
	}
}

func TestSendWaitsForAClientThatReadsSlowly(t *testing.T) {
	want(t, runCall(guesttest.Call{Path: "/test.Bytes/Count", Stalls: 3}, "12"), guest.OK, "", "", "1")
}

func TestACallThatEndsEndsItsContext(t *testing.T) {
	want(t, runCall(guesttest.Call{Path: "/test.Bytes/Wait", Timeout: 20 * time.Millisecond}, ""), guest.DeadlineExceeded, "")
	if !errors.Is(seen.err, context.DeadlineExceeded) || !errors.Is(seen.context.Err(), context.DeadlineExceeded) {
		t.Fatalf("Sleep says %v, Err %v", seen.err, seen.context.Err())
	}
	<-seen.done
	want(t, run("/test.Bytes/Keep", ""), guest.OK, "", "")
	if !errors.Is(seen.context.Err(), context.Canceled) {
		t.Fatalf("after the handler Err is %v", seen.context.Err())
	}
	<-seen.context.Done()
}

func TestAHandlerMayRecover(t *testing.T) {
	want(t, run("/test.Bytes/Recovered", ""), guest.Internal, "caught")
}

func TestStatusOfErrors(t *testing.T) {
	for _, test := range []struct {
		err  error
		code guest.Code
		text string
	}{
		{nil, guest.OK, "OK"},
		{guest.Error(guest.NotFound, "gone"), guest.NotFound, "NOT_FOUND: gone"},
		{fmt.Errorf("while: %w", guest.Error(guest.Aborted, "raced")), guest.Aborted, "ABORTED: raced"},
		{context.Canceled, guest.Canceled, "CANCELLED: context canceled"},
		{errors.New("what"), guest.Unknown, "UNKNOWN: what"},
	} {
		status := guest.StatusOf(test.err)
		if status.Code != test.code || status.Error() != test.text {
			t.Errorf("%v became %v", test.err, status)
		}
	}
	if guest.Code(17).String() != "no gRPC status code" || guest.Code(-1).String() != "no gRPC status code" {
		t.Error("codes that are none have names")
	}
}

func TestATypeThatTheCodecDoesNotKnowIsRefusedWhenItIsAdded(t *testing.T) {
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "test.Late/Method") || !strings.Contains(text, "Codec") {
			t.Fatalf("the panic says %q", text)
		}
	}()
	guest.Unary(guest.NewService("test.Late"), "Method", func(*guest.Context, *words) (*words, error) { return nil, nil })
}

func TestAMethodAddedLateIsRefused(t *testing.T) {
	run("/test.Bytes/Upper", "")
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "test.Late/Method is added after") {
			t.Fatalf("the panic says %q", text)
		}
	}()
	guest.NewService("test.Late").Unary("Method", nil)
}

func TestSlogWritesLines(t *testing.T) {
	log := slog.New(hostlog.New(slog.LevelInfo)).With("outer", 1)
	logged = func() {
		log.Debug("not this")
		log.Warn("two words", "key", "a value")
		log.WithGroup("group").Info("in a group", "msg", "kept")
	}
	result := run("/test.Log/Log", "")
	if lines := []string{`warn: two words outer=1 key="a value"`, "info: in a group outer=1 group.msg=kept"}; !slices.Equal(result.Log, lines) {
		t.Fatalf("the log has %q", result.Log)
	}
}

var logged func()

func init() {
	guest.NewService("test.Log").Unary("Log", func(*guest.Context, []byte) ([]byte, error) {
		logged()
		return nil, nil
	})
}
