package guesttest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/guesttest"
)

// told is what the handlers say when their calls have ended.
var told = make(chan string, 10)

func init() {
	guest.PlaceByProcess()
	guest.NewService("test.Events").
		Unary("Echo", func(_ *guest.Context, request []byte) ([]byte, error) { return request, nil }).
		Unary("Sleep", func(ctx *guest.Context, request []byte) ([]byte, error) {
			time, err := time.ParseDuration(string(request))
			if err == nil {
				err = ctx.Sleep(time)
			}
			return []byte(fmt.Sprint(err)), err
		}).
		Unary("SleepTwice", func(ctx *guest.Context, _ []byte) ([]byte, error) {
			var order []string
			var mutex sync.Mutex
			var both sync.WaitGroup
			for i, time := range []time.Duration{20 * time.Millisecond, time.Millisecond} {
				both.Add(1)
				go func() {
					defer both.Done()
					_ = ctx.Sleep(time)
					mutex.Lock()
					defer mutex.Unlock()
					order = append(order, fmt.Sprint(i))
				}()
			}
			both.Wait()
			return []byte(strings.Join(order, " ")), nil
		}).
		Unary("WaitForTheEnd", func(ctx *guest.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			told <- fmt.Sprint(ctx.Err(), " ", ctx.EndReason())
			return nil, ctx.Err()
		}).
		Unary("Finish", func(ctx *guest.Context, _ []byte) ([]byte, error) {
			if err := ctx.Finish(guest.Error(guest.DataLoss, "first")); err != nil {
				return nil, err
			}
			return nil, guest.Error(guest.Internal, "second")
		}).
		BidiStream("Chat", func(ctx *guest.Context, in *guest.Reader, out *guest.Writer) error {
			for message := range in.All() {
				if err := out.Send(append([]byte("you said "), message...)); err != nil {
					return err
				}
			}
			return in.Err()
		})
	guest.HTTP("/page", func(request *guest.HTTPRequest, response *guest.HTTPResponse) error {
		return response.Reply(202, "text/plain", []byte(request.Method()))
	})
}

func run(t *testing.T, call guesttest.Call, code guest.Code) string {
	t.Helper()
	call.Path = "/test.Events/" + call.Path
	result := guesttest.Run(call)
	if result.Code != code {
		t.Fatalf("%v %q, not %v", result.Code, result.Message, code)
	}
	var text []string
	for _, response := range result.Responses {
		text = append(text, string(response))
	}
	return strings.Join(text, "|")
}

func requests(texts ...string) (requests [][]byte) {
	for _, text := range texts {
		requests = append(requests, []byte(text))
	}
	return requests
}

func want(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%q, not %q", got, want)
	}
}

func TestCallsThatMeetAreAnsweredOneAfterTheOther(t *testing.T) {
	for _, text := range []string{"one", strings.Repeat("x", 100_000), "two"} {
		want(t, run(t, guesttest.Call{Path: "Echo", Requests: requests(text)}, guest.OK), text)
	}
}

func TestMessagesOfAStreamComeAndGo(t *testing.T) {
	call := guesttest.Call{Path: "Chat", Requests: requests("a", "b"), Stalls: 2}
	want(t, run(t, call, guest.OK), "you said a|you said b")
}

func TestGoroutinesOfACallSleepSideBySide(t *testing.T) {
	want(t, run(t, guesttest.Call{Path: "Sleep", Requests: requests("1ms")}, guest.OK), "<nil>")
	want(t, run(t, guesttest.Call{Path: "SleepTwice", Requests: requests("")}, guest.OK), "1 0")
}

func TestACallThatEndsWakesWhatWaits(t *testing.T) {
	run(t, guesttest.Call{Path: "Sleep", Requests: requests("1h"), Timeout: 5 * time.Millisecond}, guest.DeadlineExceeded)
	run(t, guesttest.Call{Path: "WaitForTheEnd", Requests: requests(""), Timeout: 5 * time.Millisecond}, guest.DeadlineExceeded)
	want(t, <-told, context.DeadlineExceeded.Error()+" deadline")
	run(t, guesttest.Call{Path: "WaitForTheEnd", Requests: requests(""), Cancel: true}, guest.Canceled)
	want(t, <-told, context.Canceled.Error()+" client")
	run(t, guesttest.Call{Path: "Chat", Requests: requests("a"), Cancel: true}, guest.Canceled)
}

func TestTheFirstStatusHolds(t *testing.T) {
	run(t, guesttest.Call{Path: "Finish", Requests: requests("")}, guest.DataLoss)
	run(t, guesttest.Call{Path: "Sleep", Requests: requests("words")}, guest.Unknown)
}

func TestHTTPIsServedWhereCallsMeet(t *testing.T) {
	result := guesttest.Run(guesttest.Call{Path: "/page/1", Method: "GET"})
	if result.Code != guest.OK || result.Status != 202 || string(result.Responses[0]) != "GET" {
		t.Fatal(result)
	}
}
