package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// browses asks for pages and has bodies echoed, by HTTP/1.1 and HTTP/2, in cleartext and over TLS.
func browses(ctx context.Context, c *client) error {
	overTLS, second := c.random.IntN(2) == 0, c.random.IntN(2) == 0
	transport := &http.Transport{TLSClientConfig: c.place.config.Clone(), Protocols: new(http.Protocols), Proxy: nil}
	transport.Protocols.SetHTTP1(!second)
	transport.Protocols.SetHTTP2(second)
	transport.Protocols.SetUnencryptedHTTP2(second)
	defer transport.CloseIdleConnections()
	base := "http://" + c.place.plain
	if overTLS {
		base = "https://" + c.place.tls
	}
	browser := &http.Client{Transport: transport}
	for range 3 {
		body := c.randomPayload()
		for _, one := range []struct {
			method, path string
			body, want   []byte
		}{
			{"GET", "/page", nil, []byte("the page /page")},
			{"HEAD", "/page", nil, nil},
			{"POST", "/echo", body, body},
		} {
			request, err := http.NewRequestWithContext(ctx, one.method, base+one.path, bytes.NewReader(one.body))
			if err != nil {
				return err
			}
			answer, err := browser.Do(request)
			if err != nil {
				return fmt.Errorf("%s %s: %w", one.method, one.path, err)
			}
			got, err := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			if err != nil || answer.StatusCode != 200 || !bytes.Equal(got, one.want) {
				return fmt.Errorf("%s %s by %s: %s, %d bytes, expected %d: %w", one.method, one.path, answer.Proto, answer.Status,
					len(got), len(one.want), err)
			}
			c.goesOn()
		}
		if c.isOver() {
			break
		}
		thinkTime(ctx, c)
	}
	return nil
}

// A bad client of HTTP/1.1: says something, and what is to come of it is known.
func badHTTP1(ctx context.Context, c *client) error {
	head := "GET /page HTTP/1.1\r\nhost: soak\r\n"
	many := strings.Repeat("x-many: "+strings.Repeat("h", 200)+"\r\n", 1000)
	for _, one := range []struct {
		what, says string
		wants      string // what the answer begins with; nothing: the connection is closed, whatever comes before
	}{
		{"pipelined requests", strings.Repeat(head+"\r\n", 20), "HTTP/1.1 200"},
		{"pipelined HEADs", strings.Repeat("HEAD /page HTTP/1.1\r\nhost: soak\r\n\r\n", 20), "HTTP/1.1 200"},
		{"two lengths", "POST /echo HTTP/1.1\r\nhost: soak\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", "HTTP/1.1 400"},
		{"length and chunks", "POST /echo HTTP/1.1\r\nhost: soak\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400"},
		{"many headers", head + many + "\r\n", ""},
		{"garbage", string(c.bytes(1000)) + "\r\n\r\n", ""},
		{"a head without an end", head, ""},
		{"a request line without an end", "GET /" + strings.Repeat("a", 100), ""},
	} {
		if err := sayHTTP1(ctx, c, one.says, one.wants); err != nil {
			return fmt.Errorf("%s: %w", one.what, err)
		}
		c.goesOn()
		if c.isOver() {
			break
		}
	}
	return nil
}

func sayHTTP1(ctx context.Context, c *client, says, wants string) error {
	connection, err := c.open(ctx, c.random.IntN(4) == 0, "http/1.1")
	if err != nil {
		return err
	}
	defer connection.Close()
	_, _ = connection.Write([]byte(says)) // it may be closed before all is said
	if wants == "" {
		return wantClosed(connection)
	}
	line, err := bufio.NewReader(connection).ReadString('\n')
	if !strings.HasPrefix(line, wants) {
		return fmt.Errorf("answered %q, expected %s: %w", line, wants, err)
	}
	return nil
}

// open makes a connection that ends with the context, and within the limit anyway. Over TLS it is shaken hands on, for
// this protocol.
func (c *client) open(ctx context.Context, overTLS bool, protocol string) (net.Conn, error) {
	network, address := "tcp", c.place.plain
	if overTLS {
		address = c.place.tls
	} else if c.random.IntN(4) == 0 {
		network, address = "unix", c.place.unix
	}
	connection, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	_ = connection.SetDeadline(time.Now().Add(limit))
	// A stop func is not needed: the context ends with the round.
	context.AfterFunc(ctx, func() { _ = connection.Close() })
	if !overTLS {
		return connection, nil
	}
	config := c.place.config.Clone()
	config.NextProtos = []string{protocol}
	secured := tls.Client(connection, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = connection.Close()
		return nil, err
	}
	return secured, nil
}

// wantClosed reads what comes until the server closes the connection, and fails when it does not.
func wantClosed(connection net.Conn) error {
	_, err := io.Copy(io.Discard, connection)
	if isTimeout(err) {
		return fmt.Errorf("the server did not close the connection in %v", limit)
	}
	return nil
}

func isTimeout(err error) bool {
	var failed net.Error
	return errors.As(err, &failed) && failed.Timeout()
}

// withholdsBodies opens so many requests whose bodies never come, by HTTP/1.1 and by HTTP/2, and gives up after a while.
func withholdsBodies(requests int) func(context.Context, *client) error {
	return func(ctx context.Context, c *client) error { return withhold(ctx, c, requests) }
}

func withhold(ctx context.Context, c *client, requests int) error {
	var connections []net.Conn
	defer func() {
		for _, connection := range connections {
			_ = connection.Close()
		}
	}()
	for range requests {
		connection, err := c.open(ctx, false, "")
		if err != nil {
			return err
		}
		connections = append(connections, connection)
		head := "POST /echo HTTP/1.1\r\nhost: soak\r\ncontent-length: 1000\r\n\r\n"
		if c.random.IntN(2) == 0 {
			head = "POST /echo HTTP/1.1\r\nhost: soak\r\ntransfer-encoding: chunked\r\n\r\n"
		}
		if _, err := connection.Write([]byte(head)); err != nil {
			return err
		}
	}
	peer, err := c.frames(ctx, false)
	if err != nil {
		return err
	}
	defer peer.close()
	for range requests {
		if _, err := peer.request("POST", "/echo", false, "content-type", "text/plain"); err != nil {
			return err
		}
	}
	if err := peer.flush(); err != nil {
		return err
	}
	pause(ctx, c.between(100*time.Millisecond, time.Second))
	return nil
}
