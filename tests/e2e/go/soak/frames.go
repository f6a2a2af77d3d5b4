package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// peer is an HTTP/2 client without any gRPC in it: it sends what an abuse says, frame by frame. What comes is read by the
// one goroutine that it has, answered where HTTP/2 wants it, and told to `heard`.
type peer struct {
	connection net.Conn
	out        *bufio.Writer
	framer     *http2.Framer
	fields     bytes.Buffer
	encoder    *hpack.Encoder
	next       uint32
	mutex      sync.Mutex // of what is written
	gone       chan struct{}
	end        error             // why it is gone
	heard      func(http2.Frame) // from that goroutine; may be nil
}

// frames opens a connection for a peer, which is to be closed.
func (c *client) frames(ctx context.Context, overTLS bool, settings ...http2.Setting) (*peer, error) {
	return c.framesHeard(ctx, overTLS, nil, settings...)
}

func (c *client) framesHeard(ctx context.Context, overTLS bool, heard func(http2.Frame), settings ...http2.Setting) (*peer, error) {
	connection, err := c.open(ctx, overTLS, "h2")
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(connection, 16<<10)
	p := &peer{connection: connection, out: out, next: 1, gone: make(chan struct{}), heard: heard}
	p.framer = http2.NewFramer(out, bufio.NewReader(connection))
	p.framer.AllowIllegalWrites = true
	p.encoder = hpack.NewEncoder(&p.fields)
	_, _ = out.WriteString(http2.ClientPreface)
	_ = p.framer.WriteSettings(settings...)
	if err := p.flush(); err != nil {
		_ = connection.Close()
		return nil, err
	}
	go p.read()
	return p, nil
}

func (p *peer) read() {
	defer close(p.gone)
	for {
		frame, err := p.framer.ReadFrame()
		if err != nil {
			var ofStream http2.StreamError
			if errors.As(err, &ofStream) {
				continue
			}
			p.end = err
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				p.answer(func() error { return p.framer.WriteSettingsAck() })
			}
		case *http2.PingFrame:
			if !frame.IsAck() {
				p.answer(func() error { return p.framer.WritePing(true, frame.Data) })
			}
		}
		if p.heard != nil {
			p.heard(frame)
		}
	}
}

func (p *peer) answer(write func() error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	_ = write()
	_ = p.out.Flush()
}

// close ends the connection without a word, and waits for the goroutine that reads.
func (p *peer) close() {
	_ = p.connection.Close()
	<-p.gone
}

// reset ends the connection as a machine that fails, by an RST of TCP.
func (p *peer) reset() {
	if connection, is := p.connection.(*net.TCPConn); is {
		_ = connection.SetLinger(0)
	}
	p.close()
}

// do writes frames, to be sent by flush, or before.
func (p *peer) do(write func(*http2.Framer) error) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return write(p.framer)
}

func (p *peer) flush() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.out.Flush()
}

// block is an encoded list of header fields.
func (p *peer) block(method, path string, fields ...string) []byte {
	p.fields.Reset()
	all := append([]string{":method", method, ":scheme", "http", ":path", path, ":authority", "soak"}, fields...)
	for i := 0; i < len(all); i += 2 {
		_ = p.encoder.WriteField(hpack.HeaderField{Name: all[i], Value: all[i+1]})
	}
	return p.fields.Bytes()
}

// request opens a stream.
func (p *peer) request(method, path string, end bool, fields ...string) (stream uint32, err error) {
	stream = p.next
	p.next += 2
	return stream, p.do(func(framer *http2.Framer) error {
		return framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: p.block(method, path, fields...),
			EndHeaders: true, EndStream: end})
	})
}

// call opens a call of gRPC.
func (p *peer) call(path string, fields ...string) (stream uint32, err error) {
	return p.request("POST", path, false, append([]string{"content-type", "application/grpc", "te", "trailers"}, fields...)...)
}

func (p *peer) data(stream uint32, end bool, bytes []byte) error {
	return p.do(func(framer *http2.Framer) error { return framer.WriteData(stream, end, bytes) })
}

// message is one of gRPC's, with its prefix.
func message(compressed bool, payload []byte) []byte {
	prefix := make([]byte, 5, 5+len(payload))
	if compressed {
		prefix[0] = 1
	}
	binary.BigEndian.PutUint32(prefix[1:], uint32(len(payload)))
	return append(prefix, payload...)
}

// thrownOut writes over and over, `most` times at most, until the server has closed the connection; it fails when that
// does not happen.
func (p *peer) thrownOut(most int, write func(i int) error) error {
	for i := range most {
		if write(i) != nil || i%100 == 99 && p.flush() != nil {
			break
		}
		select {
		case <-p.gone:
			return nil
		default:
		}
	}
	_ = p.flush()
	<-p.gone // by the limit at the latest
	if isTimeout(p.end) {
		return fmt.Errorf("the server did not close the connection in %v", limit)
	}
	return nil
}

// statusTo sends the status of the first call that ends.
func statusTo(statuses chan<- string) func(http2.Frame) {
	decoder := hpack.NewDecoder(4096, func(field hpack.HeaderField) {
		if field.Name == "grpc-status" {
			select {
			case statuses <- field.Value:
			default:
			}
		}
	})
	return func(frame http2.Frame) {
		if headers, is := frame.(*http2.HeadersFrame); is {
			_, _ = decoder.Write(headers.HeaderBlockFragment())
		}
	}
}
