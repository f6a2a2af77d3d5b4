package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"wasm-grpc-tests/e2e/raw"
)

// Good clients: of methods in both styles, of every placement, over all that is spoken. Every reply is checked.
func goodClients() []actor {
	return []actor{
		{"asks", 2, asks},
		{"asks actors", 1, asksActors()},
		{"calls", 2, calls},
		{"calls over TLS", 1, callsOverTLS},
		{"comes and goes", 1, comesAndGoes},
		{"keeps streams", 1, keepsStreams},
		{"chats", 1, chats()},
		{"locks", 3, locks()},
		{"subscribes", 1, subscribes()},
		{"browses", 1, browses},
	}
}

// thinkTime between the calls of a good client, so that the good ones are not the load.
func thinkTime(ctx context.Context, c *client) {
	pause(ctx, c.between(time.Millisecond, 4*time.Millisecond))
}

func actorKey(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "x-key", key)
}

// timed makes a cheap call, and notes how long it took.
func (c *client) timed(ctx context.Context, path string, request []byte) ([]byte, error) {
	connection, err := c.conn()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	reply, err := raw.Unary(ctx, connection, path, request)
	if err == nil {
		c.latencies.add(time.Since(begun))
	}
	return reply, err
}

func asks(ctx context.Context, c *client) error {
	request := c.bytes(100)
	reply, err := c.timed(ctx, "/echo.Echo/Unary", request)
	if err != nil || !bytes.Equal(reply, request) {
		return fmt.Errorf("an echo: %q came back, %w", reply, err)
	}
	thinkTime(ctx, c)
	return nil
}

// asksActors asks one actor in turn with others. It knows how often it was asked, unless it was given up meanwhile.
func asksActors() func(context.Context, *client) error {
	const actors = 20
	var asked [actors]int
	return func(ctx context.Context, c *client) error {
		key := c.random.IntN(actors)
		request := c.bytes(20)
		reply, err := c.timed(actorKey(ctx, "good-"+strconv.Itoa(key)), "/test.Actors/Count", request)
		if err != nil {
			return fmt.Errorf("an actor: %w", err)
		}
		count, found := bytes.CutPrefix(reply, append(request, ' '))
		times, err := strconv.Atoi(string(count))
		if !found || err != nil || times != 1 && times != asked[key]+1 {
			return fmt.Errorf("an actor that was asked %d times said %q", asked[key], reply)
		}
		asked[key] = times
		thinkTime(ctx, c)
		return nil
	}
}

func (c *client) randomPayload() []byte {
	sizes := []int{0, 5, 100, 5000, 100_000}
	return c.bytes(sizes[c.random.IntN(len(sizes))])
}

func calls(ctx context.Context, c *client) error {
	connection, err := c.conn()
	if err != nil {
		return err
	}
	if err := callAllKinds(ctx, c, connection); err != nil {
		return err
	}
	thinkTime(ctx, c)
	return nil
}

func callAllKinds(ctx context.Context, c *client, connection *grpc.ClientConn) error {
	var payloads, messages [][]byte
	for range 1 + c.random.IntN(5) {
		payloads = append(payloads, c.randomPayload())
		messages = append(messages, raw.Text(1, string(payloads[len(payloads)-1])))
	}
	if reply, err := raw.Unary(ctx, connection, "/echo.Echo/Unary", messages[0]); err != nil || !bytes.Equal(reply, messages[0]) {
		return fmt.Errorf("Unary: %d bytes came back of %d, %w", len(reply), len(messages[0]), err)
	}
	if err := c.exchange(ctx, connection, "/echo.Echo/BidiStream", messages, messages); err != nil {
		return err
	}
	whole := raw.Text(1, string(bytes.Join(payloads, nil)))
	if err := c.exchange(ctx, connection, "/echo.Echo/ClientStream", messages, [][]byte{whole}); err != nil {
		return err
	}
	const times = 20
	request := raw.Join(raw.Number(1, times), raw.Text(2, string(payloads[0])))
	repeated := make([][]byte, times)
	for i := range repeated {
		repeated[i] = messages[0]
	}
	return c.exchange(ctx, connection, "/echo.Echo/ServerStream", [][]byte{request}, repeated)
}

// exchange sends all requests and wants these replies, and then the end.
func (c *client) exchange(ctx context.Context, connection *grpc.ClientConn, path string, requests, wanted [][]byte) error {
	stream, err := raw.Open(ctx, connection, path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for _, request := range requests {
			if raw.Send(stream, request) != nil {
				break // Receive tells why
			}
		}
		_ = stream.CloseSend()
	}()
	defer func() { <-sent }()
	for i, want := range wanted {
		reply, err := raw.Receive(stream)
		c.goesOn()
		if err != nil || !bytes.Equal(reply, want) {
			return fmt.Errorf("%s: message %d has %d bytes, expected %d: %w", path, i, len(reply), len(want), err)
		}
	}
	return wantEnd(stream, path)
}

func wantEnd(stream grpc.ClientStream, path string) error {
	if reply, err := raw.Receive(stream); err != io.EOF {
		return fmt.Errorf("%s: expected the end, got %d bytes, %w", path, len(reply), err)
	}
	return nil
}

func callsOverTLS(ctx context.Context, c *client) error {
	connection, err := c.dial(true)
	if err != nil {
		return err
	}
	defer connection.Close()
	for range 3 {
		if err := callAllKinds(ctx, c, connection); err != nil {
			return fmt.Errorf("over TLS: %w", err)
		}
		if c.isOver() {
			break
		}
		thinkTime(ctx, c)
	}
	return nil
}

func comesAndGoes(ctx context.Context, c *client) error {
	connection, err := c.dial(c.random.IntN(2) == 0)
	if err != nil {
		return err
	}
	defer connection.Close()
	request := c.randomPayload()
	reply, err := raw.Unary(ctx, connection, "/echo.Echo/Unary", request)
	if err != nil || !bytes.Equal(reply, request) {
		return fmt.Errorf("a new connection: %d bytes of %d came back, %w", len(reply), len(request), err)
	}
	pause(ctx, 10*time.Millisecond)
	return nil
}

// conversation is a stream that says back what it is told.
type conversation struct {
	path   string
	stream grpc.ClientStream
}

func (c *client) converse(ctx context.Context, connection *grpc.ClientConn, path string) (*conversation, error) {
	stream, err := raw.Open(ctx, connection, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &conversation{path, stream}, nil
}

func (t *conversation) say(message []byte) error {
	_ = raw.Send(t.stream, message) // hear tells why
	return t.hear(message)
}

func (t *conversation) hear(message []byte) error {
	reply, err := raw.Receive(t.stream)
	if err != nil || !bytes.Equal(reply, message) {
		return fmt.Errorf("%s: a long stream said %d bytes for %d, %w", t.path, len(reply), len(message), err)
	}
	return nil
}

func (t *conversation) end() error {
	if err := t.stream.CloseSend(); err != nil {
		return err
	}
	return wantEnd(t.stream, t.path)
}

// keepsStreams has many open on one connection, in handler style and in event style, and talks on all of them.
func keepsStreams(ctx context.Context, c *client) error {
	connection, err := c.conn()
	if err != nil {
		return err
	}
	var open []*conversation
	for i := range 20 {
		path, ctx := "/echo.Echo/BidiStream", ctx
		if i%2 == 1 {
			path, ctx = "/test.Actors/Echo", actorKey(ctx, "kept-"+strconv.Itoa(i))
		}
		talk, err := c.converse(ctx, connection, path)
		if err != nil {
			return err
		}
		open = append(open, talk)
	}
	for range 10 {
		message := c.bytes(50)
		for _, talk := range open {
			_ = raw.Send(talk.stream, message)
		}
		for _, talk := range open {
			if err := talk.hear(message); err != nil {
				return err
			}
			c.goesOn()
		}
		if c.isOver() {
			break
		}
		pause(ctx, 20*time.Millisecond)
	}
	for _, talk := range open {
		if err := talk.end(); err != nil {
			return err
		}
		c.goesOn()
	}
	return nil
}

// chats has two members in a room of their own, and one hears what the other says. They meet in one instance of the
// process.
func chats() func(context.Context, *client) error {
	var rooms atomic.Int64
	return func(ctx context.Context, c *client) error {
		room, err := c.meet(ctx, fmt.Sprint("room ", rooms.Add(1)))
		if err != nil {
			return err
		}
		defer room.close()
		for range 10 {
			if err := room.say(c.bytes(1 + c.random.IntN(100))); err != nil {
				return err
			}
			c.goesOn()
			if c.isOver() {
				break
			}
			thinkTime(ctx, c)
		}
		return room.end()
	}
}

// room is one of a chat, with two members on connections of their own.
type room struct {
	connections []*grpc.ClientConn
	members     []grpc.ClientStream
}

func (c *client) meet(ctx context.Context, name string) (*room, error) {
	r := new(room)
	if err := r.enter(ctx, c, name); err != nil {
		r.close()
		return nil, fmt.Errorf("a chat: %w", err)
	}
	return r, nil
}

func (r *room) enter(ctx context.Context, c *client, name string) error {
	for i := range 2 {
		connection, err := c.dial(false)
		if err != nil {
			return err
		}
		r.connections = append(r.connections, connection)
		stream, err := raw.Open(ctx, connection, "/chat.Chat/Join")
		if err != nil {
			return err
		}
		r.members = append(r.members, stream)
		_ = raw.Send(stream, raw.Text(1, string(raw.Join(raw.Text(1, name), raw.Text(2, strconv.Itoa(i))))))
		if _, err := raw.Receive(stream); err != nil { // welcome
			return err
		}
	}
	_, err := raw.Receive(r.members[0]) // the other one entered
	return err
}

func (r *room) say(some []byte) error {
	words := strconv.Quote(string(some))
	_ = raw.Send(r.members[0], raw.Text(2, words)) // Receive tells why
	heard, err := raw.Receive(r.members[1])
	if err != nil || !bytes.Equal(heard, raw.Text(4, string(raw.Join(raw.Text(1, "0"), raw.Text(2, words))))) {
		return fmt.Errorf("a chat: %q was heard for %q, %w", heard, words, err)
	}
	return nil
}

func (r *room) end() error {
	for _, member := range r.members {
		_ = member.CloseSend()
		if _, err := drain(member); err != io.EOF {
			return fmt.Errorf("a chat ended with %w", err)
		}
	}
	return nil
}

func (r *room) close() {
	for _, connection := range r.connections {
		_ = connection.Close()
	}
}

// locks takes a lock that others want too, and nobody else has it meanwhile.
func locks() func(context.Context, *client) error {
	var holder atomic.Int64
	var mutex sync.Mutex
	last := 0
	return func(ctx context.Context, c *client) error {
		connection, err := c.conn()
		if err != nil {
			return err
		}
		reply, err := raw.Unary(ctx, connection, "/lock.Lock/Acquire", raw.Join(raw.Text(1, "soak"), raw.Number(2, 600)))
		if err != nil {
			return fmt.Errorf("Acquire: %w", err)
		}
		fields, err := raw.Fields(reply)
		if err != nil {
			return err
		}
		token, _ := strconv.Atoi(fields[1])
		if !holder.CompareAndSwap(0, int64(token)) {
			return fmt.Errorf("the lock has two holders, %d and %d", holder.Load(), token)
		}
		mutex.Lock()
		grew := token > last
		last = token
		mutex.Unlock()
		if !grew {
			return fmt.Errorf("the token %d is not greater than those before", token)
		}
		pause(ctx, time.Millisecond)
		holder.Store(0)
		if _, err := raw.Unary(ctx, connection, "/lock.Lock/Release", raw.Join(raw.Text(1, "soak"), raw.Number(2, token))); err != nil {
			return fmt.Errorf("Release: %w", err)
		}
		thinkTime(ctx, c)
		return nil
	}
}

// subscribes hears all that is published on a topic, in order.
func subscribes() func(context.Context, *client) error {
	var topics atomic.Int64
	return func(ctx context.Context, c *client) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // the stream has no other end
		connection, err := c.conn()
		if err != nil {
			return err
		}
		topic := fmt.Sprint("topic ", topics.Add(1))
		stream, err := raw.OpenWith(ctx, connection, "/pubsub.PubSub/Subscribe", raw.Text(1, topic))
		if err != nil {
			return fmt.Errorf("Subscribe: %w", err)
		}
		if _, err := raw.Receive(stream); err != nil {
			return fmt.Errorf("Subscribe: %w", err)
		}
		for sequence := 1; sequence <= 20; sequence++ {
			payload := string(c.bytes(100))
			if _, err := raw.Unary(ctx, connection, "/pubsub.PubSub/Publish", raw.Join(raw.Text(1, topic), raw.Text(2, payload))); err != nil {
				return fmt.Errorf("Publish: %w", err)
			}
			news, err := raw.Receive(stream)
			if err != nil || !bytes.Equal(news, raw.Join(raw.Number(1, sequence), raw.Text(3, payload))) {
				return fmt.Errorf("Subscribe: %q came for the %d. payload, %q, %w", news, sequence, payload, err)
			}
			c.goesOn()
			if c.isOver() {
				break
			}
			thinkTime(ctx, c)
		}
		return nil
	}
}
