package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"wasm-grpc-tests/e2e/raw"
)

// Whatever is asked of the server is answered within this, also on a slow machine that has much else to do.
const limit = 60 * time.Second

var errNothingCame = fmt.Errorf("nothing came for %v", limit)

// An actor does the same over and over: a round of it by each of its clients, which are bounded, and so is what a round has
// in flight. Rounds take a second or so at most, not to keep a case waiting for its end.
//
// The context of an abuse ends with the case, that of a good client does not: it goes on to the end of its round. Both end
// when nothing has come for `limit`. An error fails the soak, unless it is an abuse's that was interrupted.
type actor struct {
	name    string
	clients int
	round   func(ctx context.Context, c *client) error
}

// place is where a server listens.
type place struct {
	plain, tls, unix string
	config           *tls.Config
}

// A client is one that acts.
type client struct {
	place      *place
	number     int
	random     *rand.Rand
	latencies  *histogram      // of cheap calls that are answered
	over       <-chan struct{} // closed when the case is over
	watchdog   *time.Timer     // of the round
	connection *grpc.ClientConn
}

// conn is its connection in cleartext, from round to round.
func (c *client) conn() (*grpc.ClientConn, error) {
	if c.connection == nil {
		connection, err := c.dial(false)
		if err != nil {
			return nil, err
		}
		c.connection = connection
	}
	return c.connection, nil
}

// dial makes another connection.
func (c *client) dial(overTLS bool) (*grpc.ClientConn, error) {
	if overTLS {
		return raw.Dial(c.place.tls, grpc.WithTransportCredentials(credentials.NewTLS(c.place.config)))
	}
	return raw.Dial(c.place.plain, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

func (c *client) close() {
	if c.connection != nil {
		_ = c.connection.Close()
	}
}

// goesOn says that something came.
func (c *client) goesOn() { c.watchdog.Reset(limit) }

// isOver says whether the case is over.
func (c *client) isOver() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

// pause waits, until the context ends at most.
func pause(ctx context.Context, time_ time.Duration) {
	timer := time.NewTimer(time_)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// between is a random time.
func (c *client) between(least, most time.Duration) time.Duration {
	return least + time.Duration(c.random.Int64N(int64(most-least)))
}

// bytes are random ones.
func (c *client) bytes(size int) []byte {
	made := make([]byte, size)
	for i := range made {
		made[i] = byte(c.random.Uint32())
	}
	return made
}

// ends says what is wrong with how a call ended: with none of these codes.
func ends(what string, err error, allowed ...codes.Code) error {
	got := status.Convert(err)
	if slices.Contains(allowed, got.Code()) {
		return nil
	}
	names := make([]string, len(allowed))
	for i, code := range allowed {
		names[i] = code.String()
	}
	return fmt.Errorf("%s ended with %v (%q), expected %s", what, got.Code(), got.Message(), strings.Join(names, " or "))
}

// drain receives until the end of a stream and returns how it ended, and how many messages came.
func drain(stream grpc.ClientStream) (messages int, err error) {
	for {
		if _, err = raw.Receive(stream); err != nil {
			return messages, err
		}
		messages++
	}
}
