package guest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/guesttest"
	"wasm-grpc/guest/internal/abi"
)

// inCall is what the handler of /test.Waiting/Call does.
var inCall func(ctx *guest.Context) error

var kept *guest.Writer // of the call last served by /test.Waiting/Beside

func init() {
	guest.NewService("test.Waiting").
		Unary("Call", func(ctx *guest.Context, _ []byte) ([]byte, error) { return nil, inCall(ctx) }).
		BidiStream("Beside", func(ctx *guest.Context, in *guest.Reader, out *guest.Writer) error {
			kept = out
			received, sent := make(chan []byte), make(chan error)
			go func() {
				var err error
				for message := range received {
					err = errors.Join(err, out.Send(message))
				}
				sent <- err
			}()
			for message := range in.All() {
				received <- slices.Clone(message)
			}
			close(received)
			return <-sent
		})
	vt := guest.NewService("test.WaitingVT")
	guest.ServerStream(vt, "Both", func(_ *guest.Context, request *vtWords, out *guest.MessageWriter[vtWords]) error {
		sent := make(chan error)
		for range 2 {
			go func() {
				var err error
				for range 50 {
					err = errors.Join(err, out.Send(request))
				}
				sent <- err
			}()
		}
		return errors.Join(<-sent, <-sent)
	})
}

// oldHost is one that knows nothing of what ABI 1 has grown by.
type oldHost struct{ abi.Functions }

func (oldHost) WaitFD(int32, int32) int32                  { return abi.Unsupported }
func (oldHost) LogCall(int32, int32, string, []byte) int32 { return abi.Unsupported }
func (h oldHost) Info(call, what int32, buffer []byte) int32 {
	if what > abi.HTTPMethod {
		return abi.Invalid
	}
	return h.Functions.Info(call, what, buffer)
}

// call runs a handler, for a client that gives it some time; 0 is for ever.
func call(timeout time.Duration, handler func(ctx *guest.Context) error) guesttest.Result {
	inCall = handler
	return runCall(guesttest.Call{Path: "/test.Waiting/Call", Timeout: timeout}, "")
}

const brief = 20 * time.Millisecond

func TestDoneWakesASelect(t *testing.T) {
	for _, derive := range []func(ctx *guest.Context) (context.Context, context.CancelFunc){
		func(ctx *guest.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
		func(ctx *guest.Context) (context.Context, context.CancelFunc) { return context.WithCancel(ctx) },
		func(ctx *guest.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Hour)
		},
	} {
		result := call(brief, func(ctx *guest.Context) error {
			derived, stop := derive(ctx)
			defer stop()
			select {
			case <-derived.Done():
				return derived.Err()
			case <-time.After(time.Minute):
				return errors.New("nobody woke it")
			}
		})
		want(t, result, guest.DeadlineExceeded, "")
	}
	inCall = func(ctx *guest.Context) error {
		<-ctx.Done()
		seen.err = ctx.Err()
		return nil
	}
	want(t, runCall(guesttest.Call{Path: "/test.Waiting/Call", Cancel: true}, ""), guest.Canceled, "")
	if !errors.Is(seen.err, context.Canceled) {
		t.Fatal(seen.err)
	}
}

func TestADerivedContextEndsBeforeItsCall(t *testing.T) {
	result := call(0, func(ctx *guest.Context) error {
		derived, stop := context.WithTimeout(ctx, time.Millisecond)
		defer stop()
		<-derived.Done()
		return errors.Join(ctx.Err(), ctx.Sleep(time.Millisecond))
	})
	want(t, result, guest.OK, "", "")
}

func TestGoroutinesSleepSideBySide(t *testing.T) {
	result := call(0, func(ctx *guest.Context) error {
		woken := make(chan int)
		for i := 3; i > 0; i-- {
			go func() {
				_ = ctx.Sleep(time.Duration(i) * brief)
				woken <- i
			}()
		}
		if first, second, third := <-woken, <-woken, <-woken; first != 1 || second != 2 || third != 3 {
			return fmt.Errorf("they woke in the order %d %d %d", first, second, third)
		}
		return nil
	})
	want(t, result, guest.OK, "", "")
}

func TestOneGoroutineSendsWhileAnotherReceives(t *testing.T) {
	call := guesttest.Call{Path: "/test.Waiting/Beside", Stalls: 2}
	want(t, runCall(call, "one", "two", "three"), guest.OK, "", "one", "two", "three")
	call.Path = "/test.WaitingVT/Both"
	for _, response := range runCall(call, "again").Responses {
		if string(response) != "again" {
			t.Fatalf("%q was sent", response)
		}
	}
}

func TestWhatAHandlerLeavesBehindIsToldOfTheEnd(t *testing.T) {
	left := make(chan error)
	want(t, call(0, func(ctx *guest.Context) error {
		go func() {
			<-ctx.Done()
			left <- ctx.Err()
		}()
		go func() { left <- ctx.Sleep(time.Hour) }()
		return ctx.Sleep(time.Millisecond)
	}), guest.OK, "", "")
	for range 2 {
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	want(t, run("/test.Waiting/Beside"), guest.OK, "")
	if err := kept.Send(nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestTheReasonOfTheEnd(t *testing.T) {
	var reasons []string
	handler := func(ctx *guest.Context) error {
		before := ctx.EndReason()
		_ = ctx.Sleep(brief)
		reasons = append(reasons, before, ctx.EndReason())
		seen.context = ctx
		return nil
	}
	call(0, handler)
	call(brief/2, handler)
	inCall = handler
	runCall(guesttest.Call{Path: "/test.Waiting/Call", Cancel: true}, "")
	if !slices.Equal(reasons, []string{"", "", "", "deadline", "client", "client"}) || seen.context.EndReason() != "" {
		t.Fatalf("the calls ended by %q, and then %q", reasons, seen.context.EndReason())
	}
}

// limited is a host with limits.
type limited struct{ abi.Functions }

func (h limited) Info(call, what int32, buffer []byte) int32 {
	number := map[int32]uint64{abi.MaxRequest: 1, abi.MaxResponse: 0x0102030405060708, abi.MaxMetadata: 16 << 10,
		abi.MaxMemory: 1<<64 - 1, abi.MaxCPUTime: 1500}[what]
	if number == 0 {
		return h.Functions.Info(call, what, buffer)
	}
	for at := range 8 {
		buffer[at] = byte(number >> (8 * at))
	}
	return 8
}

func TestLimits(t *testing.T) {
	var got, none guest.Limits
	call(0, func(ctx *guest.Context) error {
		none = ctx.Limits()
		abi.Host = limited{abi.Host}
		got = ctx.Limits()
		return nil
	})
	all := guest.Limits{MaxRequest: 1, MaxResponse: 0x0102030405060708, MaxMetadata: 16 << 10, MaxMemory: 1<<63 - 1, MaxCPUTime: 1500}
	if got != all || none != (guest.Limits{}) {
		t.Fatalf("%+v, and where there are none %+v", got, none)
	}
}

func TestOnAnOldHost(t *testing.T) {
	result := call(brief, func(ctx *guest.Context) error {
		abi.Host = oldHost{abi.Host}
		if ctx.EndReason() != "" || ctx.Limits() != (guest.Limits{}) {
			return errors.New("it tells what it does not know")
		}
		done := ctx.Done()
		if err := ctx.Sleep(time.Millisecond); err != nil {
			return err
		}
		ctx.Log(guest.LevelInfo, "a line", "Key", 1)
		err := ctx.Sleep(time.Hour)
		<-done
		return errors.Join(err, ctx.Err())
	})
	want(t, result, guest.DeadlineExceeded, "")
	if !slices.Equal(result.Log, []string{"info: a line Key=1"}) {
		t.Fatalf("the log has %q", result.Log)
	}
}

func TestACallIsFoundInItsContexts(t *testing.T) {
	want(t, call(0, func(ctx *guest.Context) error {
		derived, stop := context.WithCancel(context.WithValue(ctx, inner{}, 1))
		defer stop()
		if found, ok := guest.FromContext(derived); found != ctx || !ok || derived.Value(inner{}) != 1 || ctx.Value(inner{}) != nil {
			return errors.New("it is not found, or what it is not")
		}
		if _, ok := guest.FromContext(context.Background()); ok {
			return errors.New("it is found where none is")
		}
		return nil
	}), guest.OK, "", "")
}

type inner struct{}
