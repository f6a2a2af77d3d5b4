// bench.Events: the state that calls share is a hub with a mutex; each subscriber has a buffered channel.
package main

import (
	"context"
	"encoding/binary"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

// Messages a subscriber may be behind before it misses one.
const subscriberBuffer = 256

type hub struct {
	mutex       sync.Mutex
	subscribers map[chan mem.BufferSlice]struct{}
	waiting     chan struct{} // closed by the next call of later
}

// later answers when the next call comes.
func (h *hub) later(ctx context.Context, decode func(any) error) (any, error) {
	request := new(message)
	if err := decode(request); err != nil {
		return nil, err
	}
	mine := make(chan struct{})
	h.mutex.Lock()
	previous := h.waiting
	h.waiting = mine
	h.mutex.Unlock()
	if previous != nil {
		close(previous)
	}
	select {
	case <-mine:
		return request, nil
	case <-ctx.Done():
		h.mutex.Lock()
		if h.waiting == mine {
			h.waiting = nil
		}
		h.mutex.Unlock()
		request.data.Free()
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

func (h *hub) subscribe(stream grpc.ServerStream) error {
	var request message
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	request.data.Free()
	messages := make(chan mem.BufferSlice, subscriberBuffer)
	h.mutex.Lock()
	h.subscribers[messages] = struct{}{}
	h.mutex.Unlock()
	defer func() {
		h.mutex.Lock()
		delete(h.subscribers, messages)
		h.mutex.Unlock()
	}()
	if err := stream.SendHeader(nil); err != nil {
		return err
	}
	for {
		select {
		case data := <-messages:
			if err := stream.SendMsg(&message{data}); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		}
	}
}

// publish answers how many got the message (fixed32, field 1), and how many had no room (fixed32, field 2).
func (h *hub) publish(_ context.Context, decode func(any) error) (any, error) {
	request := new(message)
	if err := decode(request); err != nil {
		return nil, err
	}
	data := mem.BufferSlice{mem.SliceBuffer(request.data.Materialize())} // copied once, for all
	request.data.Free()
	var sent, missed uint32
	h.mutex.Lock()
	for messages := range h.subscribers {
		select {
		case messages <- data:
			sent++
		default:
			missed++
		}
	}
	h.mutex.Unlock()
	reply := binary.LittleEndian.AppendUint32([]byte{1<<3 | 5}, sent)
	reply = binary.LittleEndian.AppendUint32(append(reply, 2<<3|5), missed)
	return &message{mem.BufferSlice{mem.SliceBuffer(reply)}}, nil
}

func registerEvents(server *grpc.Server) {
	h := &hub{subscribers: make(map[chan mem.BufferSlice]struct{})}
	method := func(name string, serve func(context.Context, func(any) error) (any, error)) grpc.MethodDesc {
		return grpc.MethodDesc{MethodName: name,
			Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				return serve(ctx, decode)
			}}
	}
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "bench.Events",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{
			{MethodName: "Handled", Handler: unary},
			{MethodName: "AtOnce", Handler: unary},
			method("Later", h.later),
			method("Publish", h.publish),
		},
		Streams: []grpc.StreamDesc{
			{StreamName: "Subscribe", ServerStreams: true,
				Handler: func(_ any, stream grpc.ServerStream) error { return h.subscribe(stream) }},
			{StreamName: "Chat", Handler: bidiStream, ServerStreams: true, ClientStreams: true},
		},
	}, nil)
}
