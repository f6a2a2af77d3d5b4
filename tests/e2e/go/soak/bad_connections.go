package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	"wasm-grpc-tests/e2e/raw"
)

// Abuses of connections, below or beside gRPC.

// silentStreams opens so many streams on each of several connections and never sends a message on them.
func silentStreams(connections, each int) func(context.Context, *client) error {
	return func(ctx context.Context, c *client) error { return keepSilent(ctx, c, connections, each) }
}

func keepSilent(ctx context.Context, c *client, connections, each int) error {
	var peers []*peer
	defer func() {
		for _, p := range peers {
			p.close()
		}
	}()
	for range connections {
		p, err := c.frames(ctx, false)
		if err != nil {
			return err
		}
		peers = append(peers, p)
		paths := []string{"/test.Guest/BurnEach", "/test.Guest/Sink", "/test.Abuses/SetTimers"}
		for i := range each {
			if _, err := p.call(paths[i%len(paths)]); err != nil {
				return err
			}
		}
		if err := p.flush(); err != nil {
			return err
		}
	}
	pause(ctx, c.between(100*time.Millisecond, time.Second))
	return nil
}

func resetsStreams(ctx context.Context, c *client) error {
	p, err := c.frames(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	return p.thrownOut(5000, func(int) error {
		stream, err := p.call("/echo.Echo/BidiStream")
		if err != nil {
			return err
		}
		return p.do(func(framer *http2.Framer) error { return framer.WriteRSTStream(stream, http2.ErrCodeCancel) })
	})
}

// makesServerReset sends what the server resets streams for: a window that overflows.
func makesServerReset(ctx context.Context, c *client) error {
	p, err := c.frames(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	return p.thrownOut(5000, func(int) error {
		stream, err := p.call("/echo.Echo/BidiStream")
		if err != nil {
			return err
		}
		return p.do(func(framer *http2.Framer) error {
			if err := framer.WriteWindowUpdate(stream, 1<<31-1); err != nil {
				return err
			}
			return framer.WriteWindowUpdate(stream, 1<<31-1)
		})
	})
}

func floodsControlFrames(ctx context.Context, c *client) error {
	kind := c.random.IntN(5)
	p, err := c.frames(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	stream, err := p.call("/echo.Echo/BidiStream")
	if err != nil {
		return err
	}
	return p.thrownOut(100_000, func(i int) error {
		return p.do(func(framer *http2.Framer) error {
			switch kind {
			case 0:
				return framer.WritePing(false, [8]byte{byte(i)})
			case 1:
				return framer.WriteSettings()
			case 2:
				return framer.WriteData(stream, false, nil)
			case 3:
				return framer.WriteRawFrame(http2.FrameType(0xF0), 0, stream, nil)
			default:
				return framer.WriteWindowUpdate(stream, 1)
			}
		})
	})
}

// floodsHeaders sends lists of headers that are too long, in one block or in many, or that never end.
func floodsHeaders(ctx context.Context, c *client) error {
	for kind := range 3 {
		p, err := c.frames(ctx, false)
		if err != nil {
			return err
		}
		err = p.floodHeaders(kind)
		p.close()
		if err != nil {
			return err
		}
		if c.isOver() {
			break
		}
	}
	return nil
}

func (p *peer) floodHeaders(kind int) error {
	block := bytes.Clone(p.block("POST", "/echo.Echo/Unary", "content-type", "application/grpc", "te", "trailers"))
	begin := http2.HeadersFrameParam{StreamID: 1, BlockFragment: block}
	if err := p.do(func(framer *http2.Framer) error { return framer.WriteHeaders(begin) }); err != nil {
		return err
	}
	switch kind {
	case 0: // a little in each of many frames
		return p.thrownOut(1000, func(int) error {
			return p.do(func(framer *http2.Framer) error { return framer.WriteContinuation(1, false, []byte{0x82}) })
		})
	case 1: // a field of 4 KiB, which then takes a byte each time
		p.fields.Reset()
		return p.thrownOut(8, func(i int) error {
			fragment := bytes.Repeat([]byte{0xBE}, 16_000)
			if i == 0 {
				value := strings.Repeat("v", 4000)
				fragment = append([]byte{0x40, 1, 'x', 0x7F, 0xA1, 0x1E}, value...) // 4000 = 127 + 3873
			}
			return p.do(func(framer *http2.Framer) error { return framer.WriteContinuation(1, false, fragment) })
		})
	default: // nothing more
		return p.thrownOut(0, nil)
	}
}

// isHalfOpen leaves connections where they are, until the server is tired of them.
func isHalfOpen(ctx context.Context, c *client) error {
	begins := []string{"", "P", http2.ClientPreface[:10], http2.ClientPreface, "GET / HT", "\x16\x03\x01\x02\x00\x01"}
	var connections []net.Conn
	defer func() {
		for _, connection := range connections {
			_ = connection.Close()
		}
	}()
	for i := range 5 * len(begins) {
		address := c.place.plain
		if i%3 == 0 {
			address = c.place.tls
		}
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		connections = append(connections, connection)
		_ = connection.SetDeadline(time.Now().Add(limit))
		if _, err := connection.Write([]byte(begins[i%len(begins)])); err != nil {
			return err
		}
	}
	done := context.AfterFunc(ctx, func() {
		for _, connection := range connections {
			_ = connection.SetDeadline(time.Now())
		}
	})
	defer done()
	for _, connection := range connections {
		if err := wantClosed(connection); err != nil {
			return err
		}
	}
	return nil
}

// breaks has calls open on its connection, which then fails.
func breaks(ctx context.Context, c *client) error {
	p, err := c.frames(ctx, false)
	if err != nil {
		return err
	}
	paths := []string{"/echo.Echo/BidiStream", "/test.Guest/WaitCancel", "/test.Guest/PollCancel", "/test.Actors/Echo", "/chat.Chat/Join"}
	for range 1 + c.random.IntN(20) {
		if _, err := p.call(paths[c.random.IntN(len(paths))], "x-key", "breaks"); err != nil {
			break
		}
	}
	_ = p.flush()
	pause(ctx, c.between(0, 20*time.Millisecond))
	p.reset()
	pause(ctx, 20*time.Millisecond)
	return nil
}

// churns opens and closes connections, in all ways there are, some in the middle of their handshake.
func churns(ctx context.Context, c *client) error {
	switch c.random.IntN(4) {
	case 0: // no word
		connection, err := c.open(ctx, false, "")
		if err != nil {
			return err
		}
		_ = connection.Close()
		return nil
	case 1: // HTTP/2, an unary call over TLS or not, and off before the answer
		p, err := c.frames(ctx, c.random.IntN(2) == 0)
		if err != nil {
			return err
		}
		stream, err := p.call("/echo.Echo/Unary")
		if err == nil {
			err = p.data(stream, true, message(false, []byte("no answer is waited for")))
		}
		if err == nil {
			err = p.flush()
		}
		p.reset()
		return err
	case 2: // no TLS but a hello
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", c.place.tls)
		if err != nil {
			return err
		}
		defer connection.Close()
		_ = connection.SetDeadline(time.Now().Add(limit))
		config := c.place.config.Clone()
		config.ServerName = "elsewhere"
		if err := tls.Client(connection, config).HandshakeContext(ctx); err == nil {
			return fmt.Errorf("the certificate of localhost was taken for that of elsewhere")
		}
		return nil
	default:
		connection, err := c.open(ctx, true, "h2")
		if err != nil {
			return err
		}
		_ = connection.Close()
		return nil
	}
}

// readsSlowly asks for more than it takes: by windows of a few bytes, and by reading now and then.
func readsSlowly(ctx context.Context, c *client) error {
	paths := []string{"/test.Guest/Flood", "/test.Abuses/FloodEvents"}
	p, err := c.frames(ctx, false, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1})
	if err != nil {
		return err
	}
	defer p.close()
	for i := range 10 {
		stream, err := p.call(paths[i%2])
		if err != nil {
			return err
		}
		if err := p.data(stream, true, message(false, raw.Number(1, 10_000))); err != nil {
			return err
		}
	}
	for range 20 {
		for stream := uint32(1); stream < p.next; stream += 2 {
			if err := p.do(func(framer *http2.Framer) error { return framer.WriteWindowUpdate(stream, 3) }); err != nil {
				return err
			}
		}
		if err := p.flush(); err != nil {
			return err
		}
		if pause(ctx, 10*time.Millisecond); ctx.Err() != nil {
			return nil
		}
	}
	connection, err := c.conn()
	if err != nil {
		return err
	}
	slow, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := raw.OpenWith(slow, connection, paths[c.random.IntN(2)], raw.Number(1, 10_000))
	if err != nil {
		return err
	}
	for range 10 {
		if reply, err := raw.Receive(stream); err != nil {
			return fmt.Errorf("a flood: %d bytes, %w", len(reply), err)
		}
		pause(ctx, 20*time.Millisecond)
	}
	cancel()
	_, err = drain(stream)
	return ends("a flood", err, codes.Canceled)
}

// writesSlowly sends its message byte by byte; the reply is right nevertheless.
func writesSlowly(ctx context.Context, c *client) error {
	payload := c.bytes(40)
	answers := make(chan []byte, 10)
	p, err := c.framesHeard(ctx, false, func(frame http2.Frame) {
		if data, is := frame.(*http2.DataFrame); is {
			answers <- bytes.Clone(data.Data())
		}
	})
	if err != nil {
		return err
	}
	defer p.close()
	for range cap(answers) {
		if _, err := p.call("/echo.Echo/Unary"); err != nil {
			return err
		}
	}
	whole := message(false, payload)
	for i, one := range whole {
		for stream := uint32(1); stream < p.next; stream += 2 {
			if err := p.data(stream, i == len(whole)-1, []byte{one}); err != nil {
				return err
			}
		}
		if err := p.flush(); err != nil {
			return err
		}
		if pause(ctx, 10*time.Millisecond); ctx.Err() != nil {
			return nil
		}
	}
	for range cap(answers) {
		select {
		case answer := <-answers:
			if !bytes.Equal(answer, whole) {
				return fmt.Errorf("a slow message: %q came back for %q", answer, whole)
			}
		case <-p.gone:
			return fmt.Errorf("the connection of slow messages ended: %w", p.end)
		}
	}
	return nil
}

// zeros compresses well.
var zeros = func() []byte {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, _ = writer.Write(make([]byte, 32<<20))
	_ = writer.Close()
	return packed.Bytes()
}()

// bombs sends messages that are far larger than they look, that are none, or that claim to be larger than all memory.
func bombs(ctx context.Context, c *client) error {
	for _, one := range []struct {
		what   string
		bytes  []byte
		status string
	}{
		{"a bomb", message(true, zeros), "8"},
		{"what is not compressed", message(true, c.bytes(100)), "13"},
		{"a message of 4 GiB", []byte{0, 0xFF, 0xFF, 0xFF, 0xFF, 1}, "8"},
	} {
		statuses := make(chan string, 1)
		p, err := c.framesHeard(ctx, false, statusTo(statuses))
		if err != nil {
			return err
		}
		stream, err := p.call("/echo.Echo/Unary", "grpc-encoding", "gzip")
		for bytes := one.bytes; err == nil && len(bytes) > 0; {
			piece := bytes[:min(len(bytes), 16_000)]
			bytes = bytes[len(piece):]
			err = p.data(stream, len(bytes) == 0, piece)
		}
		if err == nil {
			err = p.flush()
		}
		if err == nil {
			select {
			case got := <-statuses:
				if got != one.status {
					err = fmt.Errorf("%s was answered by status %s, expected %s", one.what, got, one.status)
				}
			case <-p.gone:
				err = fmt.Errorf("%s: %w", one.what, p.end)
			}
		}
		p.close()
		if err != nil {
			return err
		}
	}
	return nil
}
