package main

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"wasm-grpc/guest"
)

func serveWaits() {
	service.Unary("Limits", limits).
		Unary("Await", await).
		Unary("Glance", glance).
		Unary("Sleepers", sleepers).
		Unary("Goroutines", func(*guest.Context, []byte) ([]byte, error) {
			return strconv.AppendInt(nil, int64(runtime.NumGoroutine()), 10), nil
		}).
		BidiStream("Idle", idle).
		BidiStream("Mirror", mirror)
}

func limits(ctx *guest.Context, _ []byte) ([]byte, error) {
	return fmt.Appendf(nil, "%+v and has not ended: %q", ctx.Limits(), ctx.EndReason()), nil
}

// await waits for nothing but the end of the call, by itself or, if the request says so, by a derived context.
func await(ctx *guest.Context, request []byte) ([]byte, error) {
	waited := context.Context(ctx)
	if string(request) == "derived" {
		derived, stop := context.WithTimeout(ctx, time.Hour)
		defer stop()
		waited = derived
	}
	ctx.Log(guest.LevelInfo, "awaits")
	select {
	case <-waited.Done():
		guest.Log(guest.LevelInfo, fmt.Sprintf("awaited %v by %q", waited.Err(), ctx.EndReason()))
	case <-time.After(time.Minute):
		guest.Log(guest.LevelError, "awaited in vain")
	}
	return nil, waited.Err()
}

// glance asks for Done in all ways, and ends before the call does.
func glance(ctx *guest.Context, _ []byte) ([]byte, error) {
	derived, stop := context.WithTimeout(ctx, time.Millisecond)
	defer stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-derived.Done():
		return []byte(derived.Err().Error()), nil
	}
}

// sleepers answers in what order those woke that slept at the same time.
func sleepers(ctx *guest.Context, _ []byte) ([]byte, error) {
	woken := make(chan int)
	for i := 5; i > 0; i-- {
		go func() {
			_ = ctx.Sleep(time.Duration(i) * 20 * time.Millisecond)
			woken <- i
		}()
	}
	var order []byte
	for range 5 {
		order = strconv.AppendInt(order, int64(<-woken), 10)
	}
	return order, nil
}

// idle echoes, and has a goroutine that does nothing until the end.
func idle(_ *guest.Context, in *guest.Reader, out *guest.Writer) error {
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		<-ended
		close(stopped)
	}()
	for message := range in.All() {
		if err := out.Send(message); err != nil {
			break
		}
	}
	close(ended)
	<-stopped
	return in.Err()
}

// mirror receives in one goroutine and sends in two others, each message twice.
func mirror(ctx *guest.Context, in *guest.Reader, out *guest.Writer) error {
	messages, sent := make(chan []byte), make(chan error)
	for range 2 {
		go func() {
			for message := range messages {
				if err := out.Send(message); err != nil {
					sent <- err
					return
				}
			}
			sent <- nil
		}()
	}
	for message := range in.All() {
		for range 2 {
			select {
			case messages <- append([]byte{}, message...):
			case <-ctx.Done():
			}
		}
	}
	close(messages)
	return either(either(<-sent, <-sent), in.Err())
}

func either(first, second error) error {
	if first != nil {
		return first
	}
	return second
}
