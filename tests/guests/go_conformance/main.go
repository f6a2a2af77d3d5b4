// gotest.Guest: what the SDK for Go offers, method by method. Messages are bytes.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/atomics"
	"wasm-grpc/guest/hostlog"
	"wasm-grpc/guest/kv"
)

var service = guest.NewService("gotest.Guest")

func init() {
	slog.SetDefault(slog.New(hostlog.New(slog.LevelDebug)))
	service.Unary("Echo", func(_ *guest.Context, request []byte) ([]byte, error) { return request, nil }).
		Unary("Count", count).
		Unary("Metadata", metadata).
		Unary("Tell", tell).
		Unary("Fail", fail).
		Unary("TimeLeft", timeLeft).
		Unary("Sleep", sleep).
		Unary("Spin", spin).
		Unary("Panic", func(*guest.Context, []byte) ([]byte, error) { panic("on purpose") }).
		Unary("FinishFirst", finishFirst).
		Unary("Compress", compress).
		Unary("Log", log).
		Unary("SetServing", setServing).
		Unary("Visit", visit).
		Unary("Append", appendTo).
		Unary("Forget", forget).
		ClientStream("Join", join).
		ClientStream("IgnoreTheEnd", ignoreTheEnd).
		ServerStream("Repeat", repeat).
		BidiStream("Chat", chat).
		BidiStream("Clock", clock)
	guest.NewService("gotest.Down").Unary("Nothing", sleep).SetServing(false)
	serveHTTP()
	serveWaits()
	serveConformance()
}

func main() {}

var calls int

// count tells how many calls of it this instance has had.
func count(*guest.Context, []byte) ([]byte, error) {
	calls++
	return []byte(strconv.Itoa(calls)), nil
}

// metadata returns the request's as headers and trailers, and what it is of x-text and of "x-none".
func metadata(ctx *guest.Context, _ []byte) ([]byte, error) {
	for key, value := range ctx.AllMetadata() {
		if !strings.HasPrefix(key, "x-") {
			continue
		}
		if err := errors.Join(ctx.AddHeader(key, value), ctx.AddTrailer(key, value)); err != nil {
			return nil, err
		}
	}
	if ctx.AddHeader("Upper", "x") == nil || ctx.AddHeader("grpc-status", "0") == nil {
		return nil, errors.New("a key that is not allowed was taken")
	}
	text, _ := ctx.Metadata("x-text")
	_, none := ctx.Metadata("x-none")
	var all []string
	for value := range ctx.MetadataValues("x-text") {
		all = append(all, value)
	}
	return fmt.Appendf(nil, "%s %v %q", text, none, all), nil
}

func tell(ctx *guest.Context, _ []byte) ([]byte, error) {
	return fmt.Appendf(nil, "%s %s %s %v %s", ctx.Path(), ctx.Authority(), ctx.Peer(), ctx.TLSNames(), ctx.MessageEncoding()), nil
}

// fail ends the call by the error the request names: a code's number and a message, or a word.
func fail(_ *guest.Context, request []byte) ([]byte, error) {
	what, message, _ := strings.Cut(string(request), " ")
	switch what {
	case "wrapped":
		return nil, fmt.Errorf("outside: %w", guest.Error(guest.NotFound, message))
	case "plain":
		return nil, errors.New(message)
	case "deadline":
		return nil, context.DeadlineExceeded
	case "details":
		return nil, &guest.Status{Code: guest.Aborted, Message: message, Details: []byte("\x08\x0a\x12\x04text")}
	}
	code, err := strconv.Atoi(what)
	if err != nil {
		return nil, err
	}
	return nil, guest.Error(guest.Code(code), message)
}

func timeLeft(ctx *guest.Context, _ []byte) ([]byte, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return []byte("for ever"), nil
	}
	return []byte(strconv.FormatInt(time.Until(deadline).Milliseconds(), 10)), nil
}

// sleep waits for the end of the call, and says in the log what it was.
func sleep(ctx *guest.Context, _ []byte) ([]byte, error) {
	guest.Log(guest.LevelInfo, "sleeps")
	err := ctx.Sleep(time.Hour)
	<-ctx.Done()
	guest.Log(guest.LevelInfo, fmt.Sprintf("woken by %v", err))
	return nil, err
}

// spin computes until the call is over.
func spin(ctx *guest.Context, _ []byte) ([]byte, error) {
	guest.Log(guest.LevelInfo, "spins")
	for ctx.Err() == nil {
	}
	return nil, ctx.Err()
}

// finishFirst gives its status before it returns another.
func finishFirst(ctx *guest.Context, _ []byte) ([]byte, error) {
	if err := ctx.Finish(guest.Error(guest.DataLoss, "first")); err != nil {
		return nil, err
	}
	return nil, guest.Error(guest.Internal, "second")
}

func compress(ctx *guest.Context, request []byte) ([]byte, error) {
	if !ctx.Compress(true) {
		return nil, guest.Error(guest.FailedPrecondition, "the client takes nothing compressed")
	}
	return request, nil
}

func log(ctx *guest.Context, request []byte) ([]byte, error) {
	ctx.Log(guest.LevelWarn, "of a call", "Text", string(request), "number", 7)
	ctx.Log(guest.LevelWarn, "as a line", "two words", 7)
	slog.With("outer", 1).WithGroup("group").InfoContext(context.WithValue(ctx, "a", "value"), "by slog", "took", time.Second)
	slog.Debug("with attributes", "text", string(request), "number", 7)
	slog.With("outer", 1).WithGroup("group").Error("grouped", "level", "mine")
	fmt.Println("printed")
	return nil, nil
}

func setServing(_ *guest.Context, request []byte) ([]byte, error) {
	service.SetServing(string(request) == "yes")
	return nil, nil
}

var visits = atomics.Named("visits")

// visit counts the calls of all instances, twice.
func visit(*guest.Context, []byte) ([]byte, error) {
	seen := atomics.Named("seen")
	for value := seen.Load(); !seen.CompareAndSwap(value, value+1); value = seen.Load() {
	}
	return strconv.AppendInt(nil, visits.Add(1), 10), nil
}

// appendTo appends "KEY text" to what all instances keep, and returns that.
func appendTo(_ *guest.Context, request []byte) ([]byte, error) {
	key, text, _ := strings.Cut(string(request), " ")
	for {
		value, version, _ := kv.Get(key)
		value = append(value, text...)
		_, err := kv.Set(key, value, kv.IfVersion(version), kv.TTL(time.Hour))
		if errors.Is(err, kv.ErrConflict) {
			continue
		}
		return value, err
	}
}

func forget(_ *guest.Context, request []byte) ([]byte, error) { return nil, kv.Remove(string(request)) }

func join(_ *guest.Context, in *guest.Reader) ([]byte, error) {
	var joined []byte
	for message := range in.All() {
		joined = append(joined, message...)
	}
	return joined, in.Err()
}

// ignoreTheEnd does not look at how the messages ended.
func ignoreTheEnd(_ *guest.Context, in *guest.Reader) ([]byte, error) {
	guest.Log(guest.LevelInfo, "reads")
	for range in.All() {
	}
	guest.Log(guest.LevelInfo, fmt.Sprintf("read until %v", in.Err()))
	return nil, nil
}

// repeat sends "COUNT text" as often as that.
func repeat(_ *guest.Context, request []byte, out *guest.Writer) error {
	times, text, _ := bytes.Cut(request, []byte(" "))
	count, err := strconv.Atoi(string(times))
	if err != nil {
		return guest.Error(guest.InvalidArgument, err.Error())
	}
	for range count {
		if err := out.Send(text); err != nil {
			return err
		}
	}
	return nil
}

func chat(_ *guest.Context, in *guest.Reader, out *guest.Writer) error {
	for message := range in.All() {
		if err := out.Send(append([]byte("you said "), message...)); err != nil {
			return err
		}
	}
	return in.Err()
}

// clock sends ticks from a goroutine while the handler waits for requests, which it answers too.
func clock(ctx *guest.Context, in *guest.Reader, out *guest.Writer) error {
	ctx2, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ctx2.Done():
				return
			case <-ticker.C:
				if out.Send([]byte("tick")) != nil {
					return
				}
			}
		}
	}()
	for message := range in.All() {
		if err := out.Send(message); err != nil {
			break
		}
	}
	stop()
	<-stopped
	return in.Err()
}
