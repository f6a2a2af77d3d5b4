package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/client"
	"wasm-grpc/guest/guesttest"
)

var (
	stock = client.NewService("stock", "shop.Stock").Codec(client.RawCodec{})
	count = client.Unary[[]byte, []byte](stock, "Count")
	list  = client.ServerStream[[]byte, []byte](stock, "List")
	sum   = client.ClientStream[[]byte, []byte](stock, "Sum")
	talk  = client.BidiStream[[]byte, []byte](stock, "Talk")
)

// inCall is what the handler of /test.Calls/Call does.
var inCall func(ctx *guest.Context) (string, error)

func init() {
	guest.NewService("test.Calls").Unary("Call", func(ctx *guest.Context, _ []byte) ([]byte, error) {
		text, err := inCall(ctx)
		return []byte(text), err
	})
}

type targets = map[string]func(made guesttest.Made) guesttest.Result

// answers is a target's that answers so, whatever it is asked.
func answers(responses ...string) func(guesttest.Made) guesttest.Result {
	return func(guesttest.Made) guesttest.Result {
		var result guesttest.Result
		for _, response := range responses {
			result.Responses = append(result.Responses, []byte(response))
		}
		return result
	}
}

// run serves one call by the handler; what its client gets.
func run(t *testing.T, call guesttest.Call, handler func(ctx *guest.Context) (string, error)) guesttest.Result {
	t.Helper()
	inCall = handler
	call.Path, call.Requests = "/test.Calls/Call", [][]byte{nil}
	return guesttest.Run(call)
}

func want(t *testing.T, result guesttest.Result, code guest.Code, message, response string) {
	t.Helper()
	got := ""
	if len(result.Responses) > 0 {
		got = string(result.Responses[0])
	}
	if result.Code != code || !strings.Contains(result.Message, message) || got != response {
		t.Fatalf("%v %q %q, not %v %q %q", result.Code, result.Message, got, code, message, response)
	}
}

func bytesOf(text string) *[]byte {
	bytes := []byte(text)
	return &bytes
}

func TestAUnaryCallGivesItsResponse(t *testing.T) {
	var made guesttest.Made
	call := guesttest.Call{Targets: targets{"stock/shop.Stock/Count": func(asked guesttest.Made) guesttest.Result {
		made = asked
		result := answers("3")(asked)
		result.Headers = []guesttest.Pair{{Key: "shelf", Value: "B"}}
		result.Trailers = []guesttest.Pair{{Key: "left", Value: "2"}, {Key: "left", Value: "1"}}
		return result
	}}}
	result := run(t, call, func(ctx *guest.Context) (string, error) {
		var headers, trailers client.Metadata
		response, err := count(ctx, bytesOf("tea"), client.With("who", "me"), client.With("x-bin", "\x00"),
			client.Timeout(time.Minute), client.Headers(&headers), client.Trailers(&trailers))
		if err != nil {
			return "", err
		}
		shelf, _ := headers.Get("shelf")
		_, none := headers.Get("left")
		return fmt.Sprint(string(*response), shelf, none, slices.Collect(trailers.Values("left"))), nil
	})
	want(t, result, guest.OK, "", "3Bfalse [2 1]")
	if string(made.Requests[0]) != "tea" || made.Timeout != time.Minute ||
		!slices.Equal(made.Metadata, []guesttest.Pair{{Key: "who", Value: "me"}, {Key: "x-bin", Value: "\x00"}}) {
		t.Fatalf("%+v was made", made)
	}
}

func TestAnErrorIsTheStatusOfTheTarget(t *testing.T) {
	call := guesttest.Call{Targets: targets{"stock/shop.Stock/Count": func(guesttest.Made) guesttest.Result {
		return guesttest.Result{Code: guest.NotFound, Message: "no tea",
			Trailers: []guesttest.Pair{{Key: "grpc-status-details-bin", Value: "details"}}}
	}}}
	result := run(t, call, func(ctx *guest.Context) (string, error) {
		_, err := count(ctx, bytesOf("tea"))
		var status *guest.Status
		if !errors.As(err, &status) || string(status.Details) != "details" {
			return "", fmt.Errorf("%v is no status with details", err)
		}
		return "", err
	})
	want(t, result, guest.NotFound, "no tea", "")
}

func TestATargetThatIsNotGrantedIsAStatusOfTheCall(t *testing.T) {
	result := run(t, guesttest.Call{}, func(ctx *guest.Context) (string, error) {
		_, err := count(ctx, bytesOf("tea"))
		return "", err
	})
	want(t, result, guest.PermissionDenied, "stock/shop.Stock/Count", "")
}

func TestARequestIsOfItsCodecsType(t *testing.T) {
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, "shop.Stock/Count") {
			t.Fatal(said)
		}
	}()
	client.Unary[string, []byte](stock, "Count")
}

func TestCallsOfGoroutinesGoOnTogether(t *testing.T) {
	slow := func(response string, after time.Duration) func(guesttest.Made) guesttest.Result {
		return func(made guesttest.Made) guesttest.Result {
			time.Sleep(after)
			return answers(response)(made)
		}
	}
	call := guesttest.Call{Targets: targets{
		"stock/shop.Stock/Count": slow("c", 20*time.Millisecond), "stock/shop.Stock/Sum": slow("s", 10*time.Millisecond),
		"stock/shop.Stock/List": slow("never", time.Hour)}}
	result := run(t, call, func(ctx *guest.Context) (string, error) {
		within, stop := context.WithTimeout(ctx, 200*time.Millisecond)
		defer stop()
		var counted, summed *[]byte
		var countErr, sumErr, listErr error
		var group sync.WaitGroup
		group.Add(3)
		go func() { defer group.Done(); counted, countErr = count(within, bytesOf("tea")) }()
		go func() { defer group.Done(); summed, sumErr = sum(within).Finish() }()
		go func() { defer group.Done(); _, listErr = list(within, bytesOf("")).Recv() }()
		group.Wait()
		if err := errors.Join(countErr, sumErr); err != nil {
			return "", err
		}
		return string(*counted) + string(*summed) + guest.StatusOf(listErr).Code.String(), nil
	})
	want(t, result, guest.OK, "", "csDEADLINE_EXCEEDED")
}

func TestAContextThatIsCancelledEndsItsCall(t *testing.T) {
	call := guesttest.Call{Targets: targets{"stock/shop.Stock/Count": func(guesttest.Made) guesttest.Result {
		time.Sleep(time.Hour)
		return guesttest.Result{}
	}}}
	result := run(t, call, func(ctx *guest.Context) (string, error) {
		within, stop := context.WithCancel(ctx)
		go func() {
			time.Sleep(time.Millisecond)
			stop()
		}()
		_, first := count(within, bytesOf("tea"))
		_, second := count(within, bytesOf("tea")) // it is over before
		return fmt.Sprint(guest.StatusOf(first).Code, guest.StatusOf(second).Code), nil
	})
	want(t, result, guest.OK, "", "CANCELLED CANCELLED")
}

func TestAServedCallThatEndsEndsWhatIsMadeForIt(t *testing.T) {
	call := guesttest.Call{Timeout: 10 * time.Millisecond, Targets: targets{
		"stock/shop.Stock/Count": func(guesttest.Made) guesttest.Result {
			time.Sleep(time.Hour)
			return guesttest.Result{}
		}}}
	var err error
	run(t, call, func(ctx *guest.Context) (string, error) {
		_, err = count(ctx, bytesOf("tea"))
		return "", err
	})
	if code := guest.StatusOf(err).Code; code != guest.Canceled && code != guest.DeadlineExceeded {
		t.Fatal(err)
	}
}

func TestStreamsAreReadToTheirEnd(t *testing.T) {
	call := guesttest.Call{Targets: targets{"stock/shop.Stock/List": answers("one", strings.Repeat("x", 100_000), "three")}}
	result := run(t, call, func(ctx *guest.Context) (string, error) {
		lines := list(ctx, bytesOf("all"))
		var sizes []int
		for line := range lines.All() {
			sizes = append(sizes, len(*line))
		}
		_, err := lines.Recv()
		return fmt.Sprint(sizes, lines.Err(), err == io.EOF), nil
	})
	want(t, result, guest.OK, "", "[3 100000 5] <nil> true")
}

func TestAStreamThatFailsTellsSoAfterWhatCame(t *testing.T) {
	call := guesttest.Call{Targets: targets{"stock/shop.Stock/List": func(made guesttest.Made) guesttest.Result {
		result := answers("one")(made)
		result.Code, result.Message = guest.Unavailable, "gone"
		return result
	}}}
	result := run(t, call, func(ctx *guest.Context) (string, error) {
		lines := list(ctx, bytesOf("all"))
		for line := range lines.All() {
			if string(*line) != "one" {
				return "", errors.New(string(*line))
			}
		}
		return "", lines.Err()
	})
	want(t, result, guest.Unavailable, "gone", "")
}

func TestALoopThatIsLeftGivesTheCallUp(t *testing.T) {
	call := guesttest.Call{Targets: targets{"stock/shop.Stock/List": answers("one", "two")}}
	result := run(t, call, func(ctx *guest.Context) (string, error) {
		lines := list(ctx, bytesOf("all"))
		for range lines.All() {
			break
		}
		_, err := lines.Recv()
		return fmt.Sprint(lines.Err(), err), nil
	})
	want(t, result, guest.OK, "", "<nil> EOF")
}

func TestRequestsAreSentOneAfterTheOther(t *testing.T) {
	echo := func(made guesttest.Made) guesttest.Result {
		return guesttest.Result{Responses: [][]byte{fmt.Appendf(nil, "%s", made.Requests)}}
	}
	call := guesttest.Call{Targets: targets{"stock/shop.Stock/Sum": echo, "stock/shop.Stock/Talk": echo}}
	result := run(t, call, func(ctx *guest.Context) (string, error) {
		out, both := sum(ctx), talk(ctx)
		for _, thing := range []string{"tea", "milk"} {
			if err := errors.Join(out.Send(bytesOf(thing)), both.Send(bytesOf(thing))); err != nil {
				return "", err
			}
		}
		summed, err := out.Finish()
		if err != nil {
			return "", err
		}
		both.CloseSend()
		said, err := both.Recv()
		if err != nil {
			return "", err
		}
		_, err = both.Recv()
		return fmt.Sprint(string(*summed), string(*said), err), nil
	})
	want(t, result, guest.OK, "", "[tea milk][tea milk]EOF")
}
