package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"wasm-grpc-tests/e2e/raw"
)

// Abuses by calls, and by guests that do what their callers say.

// until opens a call of each of these methods and cancels them all after some time. The guests would go on for ever.
func until(least, most time.Duration, request []byte, paths ...string) func(context.Context, *client) error {
	return func(ctx context.Context, c *client) error {
		connection, err := c.conn()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, c.between(least, most))
		defer cancel()
		var streams []grpc.ClientStream
		for _, path := range paths {
			stream, err := raw.OpenWith(ctx, connection, path, request)
			if err != nil {
				return ends(path, err, codes.DeadlineExceeded)
			}
			streams = append(streams, stream)
		}
		for i, stream := range streams {
			_, err := drain(stream)
			if err := ends(paths[i], err, codes.DeadlineExceeded, codes.Canceled); err != nil {
				return err
			}
		}
		return nil
	}
}

// fails calls these methods at once, each of which is to end so.
func fails(request []byte, allowed []codes.Code, paths ...string) func(context.Context, *client) error {
	return func(ctx context.Context, c *client) error {
		connection, err := c.conn()
		if err != nil {
			return err
		}
		results := make(chan error, len(paths))
		for _, path := range paths {
			go func() {
				_, err := raw.Unary(ctx, connection, path, request)
				results <- ends(path, err, allowed...)
			}()
		}
		for range paths {
			err = first(err, <-results)
		}
		return err
	}
}

func first(errors ...error) error {
	for _, err := range errors {
		if err != nil {
			return err
		}
	}
	return nil
}

// cancels opens streams of many kinds and cancels them: some before anything came, some in the middle.
func cancels(ctx context.Context, c *client) error {
	connection, err := c.conn()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var streams []grpc.ClientStream
	for _, path := range []string{"/test.Guest/WaitCancel", "/test.Guest/PollCancel", "/test.Guest/Flood", "/test.Abuses/FloodEvents",
		"/echo.Echo/BidiStream", "/chat.Chat/Join", "/pubsub.PubSub/Subscribe"} {
		for range 2 {
			stream, err := raw.Open(ctx, connection, path)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			streams = append(streams, stream)
			if strings.Contains(path, "Flood") {
				_ = raw.Send(stream, raw.Number(1, 1000))
				_ = stream.CloseSend()
			}
		}
	}
	if c.random.IntN(2) == 0 {
		for _, stream := range streams[:8] { // these say something
			if _, err := raw.Receive(stream); err != nil {
				return fmt.Errorf("a stream to be cancelled: %w", err)
			}
		}
	} else {
		pause(ctx, c.between(0, 5*time.Millisecond))
	}
	cancel()
	for _, stream := range streams {
		_, err := drain(stream)
		if err := ends("a cancelled stream", err, codes.Canceled); err != nil {
			return err
		}
	}
	pause(context.WithoutCancel(ctx), calmly(len(streams)))
	return nil
}

// calmly is how long a client of one connection has to take for so many calls that it ends before their time, not to be
// thrown out for them: --resets-per-second is 200.
func calmly(cancelled int) time.Duration { return time.Duration(cancelled) * 10 * time.Millisecond }

// deadlines makes many calls whose deadline is about when they end.
func deadlines(ctx context.Context, c *client) error {
	connection, err := c.conn()
	if err != nil {
		return err
	}
	const calls = 20
	request := c.bytes(100)
	results := make(chan error, calls)
	for i := range calls {
		path, body, time := "/echo.Echo/Unary", request, c.between(0, 4*time.Millisecond)
		switch i % 4 {
		case 1:
			path, body = "/test.Guest/Sleep", raw.Number(1, 2)
		case 2:
			path = "/test.Actors/Count"
		case 3:
			path, body = "/test.Guest/Burn", raw.Number(1, 1000)
		}
		go func() {
			ctx, cancel := context.WithTimeout(actorKey(ctx, "deadlines"), time)
			defer cancel()
			reply, err := raw.Unary(ctx, connection, path, body)
			if i%4 == 0 && err == nil && !bytes.Equal(reply, request) {
				err = fmt.Errorf("%d bytes of %d came back", len(reply), len(request))
			}
			results <- ends(path, err, codes.OK, codes.DeadlineExceeded)
		}()
	}
	for range calls {
		err = first(err, <-results)
	}
	pause(ctx, calmly(calls))
	return err
}

// burns asks for what takes some slices, again as soon as it is answered, and checks the answers, which are all the same.
func burns(thousands int) func(context.Context, *client) error {
	var mutex sync.Mutex
	var known string // the first answer; none is empty
	return func(ctx context.Context, c *client) error {
		connection, err := c.conn()
		if err != nil {
			return err
		}
		reply, err := raw.Unary(ctx, connection, "/test.Guest/Burn", raw.Number(1, thousands))
		if err != nil {
			return fmt.Errorf("Burn: %w", err)
		}
		mutex.Lock()
		defer mutex.Unlock()
		if known == "" {
			known = string(reply)
		}
		if known != string(reply) {
			return fmt.Errorf("Burn: %q and %q", known, reply)
		}
		return nil
	}
}

// grows takes memory, up to what a guest may have.
func grows(ctx context.Context, c *client) error {
	connection, err := c.conn()
	if err != nil {
		return err
	}
	results := make(chan error, 3)
	for range cap(results) {
		most := raw.Number(1, 1+c.random.IntN(32))
		go func() {
			_, err := raw.Unary(ctx, connection, "/test.Guest/Grow", most)
			results <- ends("Grow", err, codes.OK, codes.ResourceExhausted)
		}()
	}
	for range cap(results) {
		err = first(err, <-results)
	}
	return err
}

// manyKeys asks an actor once, and then never again; some keys are refused.
func manyKeys() func(context.Context, *client) error {
	var last atomic.Int64
	return func(ctx context.Context, c *client) error {
		connection, err := c.conn()
		if err != nil {
			return err
		}
		for i := range 20 {
			key := fmt.Sprint("key ", last.Add(1))
			if i%5 == 0 {
				key += strings.Repeat("k", 1000)
			}
			reply, err := raw.Unary(actorKey(ctx, key), connection, "/test.Actors/Count", []byte(key))
			if err != nil || string(reply) != key+" 1" {
				return fmt.Errorf("a new actor said %q, %w", reply, err)
			}
			c.goesOn()
		}
		if _, err := raw.Unary(ctx, connection, "/test.Actors/Count", nil); err != nil {
			if err := ends("an actor without a key", err, codes.InvalidArgument); err != nil {
				return err
			}
			return nil
		}
		return fmt.Errorf("an actor without a key answered")
	}
}

// compressesMuch has large messages compressed: the guest's own in a loop, and those that it is sent.
func compressesMuch(ctx context.Context, c *client) error {
	connection, err := c.conn()
	if err != nil {
		return err
	}
	cancelled, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := connection.NewStream(cancelled, &grpc.StreamDesc{ServerStreams: true}, "/test.Abuses/SendCompressed", grpc.UseCompressor(gzip.Name))
	if err != nil {
		return err
	}
	_ = raw.Send(stream, nil)
	_ = stream.CloseSend()
	for range 3 {
		reply, err := raw.Receive(stream)
		if err != nil || len(reply) != 4<<20 || len(bytes.Trim(reply, "c")) != 0 {
			return fmt.Errorf("SendCompressed: %d bytes, %w", len(reply), err)
		}
		c.goesOn()
	}
	cancel()
	if _, err := drain(stream); err == io.EOF {
		return fmt.Errorf("SendCompressed came to an end")
	}
	words := strings.Repeat("all work and no play ", 50_000)
	reply, err := raw.Unary(ctx, connection, "/test.Guest/Compress", raw.Join(raw.Text(1, words), raw.Number(2, 1)), grpc.UseCompressor(gzip.Name))
	if err != nil {
		return fmt.Errorf("Compress: %w", err)
	}
	if got, err := raw.Fields(reply); err != nil || got[1] != words || got[2] != "gzip" || got[3] != "1" {
		return fmt.Errorf("Compress: encoding %q, done %q, %d bytes, %w", got[2], got[3], len(got[1]), err)
	}
	return nil
}

// meetsBadStarts calls a module whose instances often do not start, and makes it start new ones.
func meetsBadStarts(ctx context.Context, c *client) error {
	connection, err := c.conn()
	if err != nil {
		return err
	}
	request := c.bytes(10)
	reply, err := raw.Unary(ctx, connection, "/test.BadStarts/Echo", request)
	if err == nil && !bytes.Equal(reply, request) {
		return fmt.Errorf("BadStarts: %q came back for %q", reply, request)
	}
	if err := ends("BadStarts/Echo", err, codes.OK, codes.Unavailable); err != nil {
		return err
	}
	soon, cancel := context.WithTimeout(ctx, c.between(0, 50*time.Millisecond))
	defer cancel()
	_, err = raw.Unary(soon, connection, "/test.BadStarts/Exit", nil)
	pause(ctx, 5*time.Millisecond)
	return ends("BadStarts/Exit", err, codes.Internal, codes.Unavailable, codes.DeadlineExceeded)
}

// watchesHealth opens streams of the host's own services that say little: health and reflection.
func watchesHealth(ctx context.Context, c *client) error {
	connection, err := c.conn()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range 50 {
		stream, err := raw.OpenWith(ctx, connection, "/grpc.health.v1.Health/Watch", raw.Text(1, "echo.Echo"))
		if err != nil {
			return err
		}
		if reply, err := raw.Receive(stream); err != nil || !bytes.Equal(reply, raw.Number(1, 1)) {
			return fmt.Errorf("Watch: %q, %w", reply, err)
		}
		c.goesOn()
		reflected, err := raw.Open(ctx, connection, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
		if err != nil {
			return err
		}
		_ = raw.Send(reflected, raw.Text(4, "chat.Chat")) // the file that has this symbol
		if reply, err := raw.Receive(reflected); err != nil || !bytes.Contains(reply, []byte("chat.proto")) {
			return fmt.Errorf("ServerReflectionInfo: %q, %w", reply, err)
		}
	}
	pause(ctx, calmly(100))
	return nil
}

// echoesMetadata sends as many headers as may be, and more.
func echoesMetadata(ctx context.Context, c *client) error {
	connection, err := c.conn()
	if err != nil {
		return err
	}
	statuses := make(chan string, 1)
	var headers, trailers metadata.MD
	value := strings.Repeat("m", 100)
	few := ctx
	for i := range 20 {
		few = metadata.AppendToOutgoingContext(few, "x-"+strconv.Itoa(i), value)
	}
	if _, err := raw.Unary(few, connection, "/test.Guest/EchoMetadata", nil, grpc.Header(&headers), grpc.Trailer(&trailers)); err != nil {
		return fmt.Errorf("EchoMetadata: %w", err)
	}
	for i := range 20 {
		name := "x-" + strconv.Itoa(i)
		if got := append(headers[name], trailers[name]...); len(got) != 2 || got[0] != value || got[1] != value {
			return fmt.Errorf("EchoMetadata: %s came back as %q", name, got)
		}
	}
	p, err := c.framesHeard(ctx, false, statusTo(statuses))
	if err != nil {
		return err
	}
	defer p.close()
	var many []string
	for i := range 130 {
		many = append(many, "x-"+strconv.Itoa(i), value)
	}
	if _, err := p.call("/test.Guest/EchoMetadata", many...); err != nil {
		return err
	}
	if err := p.flush(); err != nil {
		return err
	}
	select {
	case got := <-statuses:
		if got != "8" {
			return fmt.Errorf("18 KB of metadata were answered by status %s, expected 8", got)
		}
	case <-p.gone:
		return fmt.Errorf("18 KB of metadata: %w", p.end)
	}
	return nil
}
