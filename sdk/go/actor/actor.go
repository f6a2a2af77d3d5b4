// Package actor keeps the state of an actor, which survives it: in the store (package kv), and changed under its version, so that of
// two processes that both believe they have the actor only one changes it. docs/actors.md.
//
//	var account = actor.New[pb.State]("account/", "account-id") // of the instance
//
//	func init() { guest.PlaceByHeader("account-id") }
//
//	func deposit(ctx *guest.Context, amount *pb.Amount) (*pb.Balance, error) {
//		after := int64(0)
//		err := account.Update(ctx, func(state *pb.State) error {
//			state.Cents += amount.Cents
//			after = state.Cents
//			return nil
//		})
//		return &pb.Balance{Cents: after}, err
//	}
package actor

import (
	"context"
	"errors"

	"wasm-grpc/guest"
	"wasm-grpc/guest/kv"
)

// State is that of one actor: there is one for each instance, which is placed by a request header ([guest.PlaceByHeader]). A message
// that was never written is new(Message). The state is read before the first change, and kept.
//
// Changes come one after the other. One that was answered with nil is in the store. With [guest.Aborted] it was not made, since
// another process has changed the state: what this one knew is dropped, and read again by the next call, so that its client may
// try again. With [guest.Unavailable] it is made, or not, or will be soon.
type State[Message any] struct {
	prefix, header string
	codec          guest.Codec
	turn           chan struct{} // full while somebody changes it

	// Of who has the turn.
	key     string
	known   bool
	stored  []byte // as the store has it
	version uint64
}

// New is a state whose pair has the key prefix and what the request header says. It panics, while the module is initialized, for a
// type that the default codec does not know.
func New[Message any](prefix, header string) *State[Message] {
	return NewWith[Message](guest.DefaultCodec(), prefix, header)
}

// NewWith is New with another codec.
func NewWith[Message any](codec guest.Codec, prefix, header string) *State[Message] {
	if err := codec.Check(new(Message)); err != nil {
		panic("actor: " + prefix + ": " + err.Error())
	}
	return &State[Message]{prefix: prefix, header: header, codec: codec, turn: make(chan struct{}, 1)}
}

// Update changes it: change is given a copy, when all changes before are written, and must not wait. An error of its leaves
// everything as it was, and is returned.
func (s *State[Message]) Update(ctx *guest.Context, change func(state *Message) error) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.leave()
	if err := s.nameIt(ctx); err != nil {
		return err
	}
	return s.update(change)
}

// UpdateNow is Update where there is no call, as in an alarm. [guest.Aborted] before the first call, which says whose state it is.
func (s *State[Message]) UpdateNow(change func(state *Message) error) error {
	if err := s.take(context.Background()); err != nil {
		return err
	}
	defer s.leave()
	if s.key == "" {
		return guest.Error(guest.Aborted, "no call has said whose state it is")
	}
	return s.update(change)
}

// Read looks at it as it is in the store, whoever has written it.
func (s *State[Message]) Read(ctx *guest.Context, look func(state *Message) error) error {
	name, err := s.nameOf(ctx)
	if err != nil {
		return err
	}
	stored, _, err := read(name)
	if err != nil {
		return err
	}
	state, err := s.decode(stored)
	if err != nil {
		return err
	}
	return look(state)
}

// Key is its key in the store; empty before the first call.
func (s *State[Message]) Key() string { return s.key }

func (s *State[Message]) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *State[Message]) leave() { <-s.turn }

func (s *State[Message]) nameIt(ctx *guest.Context) error {
	name, err := s.nameOf(ctx)
	if err == nil && s.key == "" {
		s.key = name
	}
	return err
}

func (s *State[Message]) nameOf(ctx *guest.Context) (string, error) {
	name, there := ctx.Metadata(s.header)
	if !there {
		return "", guest.Error(guest.InvalidArgument, "the request header "+s.header+" is missing")
	}
	return s.prefix + name, nil
}

func (s *State[Message]) update(change func(state *Message) error) error {
	if !s.known {
		stored, version, err := read(s.key)
		if err != nil {
			return err
		}
		s.stored, s.version, s.known = stored, version, true
	}
	next, err := s.decode(s.stored)
	if err != nil {
		return err
	}
	if err := change(next); err != nil {
		return err
	}
	bytes, err := s.codec.Append(nil, next)
	if err != nil {
		return guest.Error(guest.Internal, "the state cannot be encoded: "+err.Error())
	}
	s.known = false // until it is known how that went
	version, err := kv.Set(s.key, bytes, kv.IfVersion(s.version))
	if err != nil {
		return statusOf(err)
	}
	s.stored, s.version, s.known = bytes, version, true
	return nil
}

func (s *State[Message]) decode(stored []byte) (*Message, error) {
	state := new(Message)
	if err := s.codec.Unmarshal(stored, state); err != nil {
		return nil, guest.Error(guest.DataLoss, "what is stored is no state of this service: "+err.Error())
	}
	return state, nil
}

// read is what is stored; nothing, of version 0, where there is none: then nobody else may have made one when it is written.
func read(key string) (stored []byte, version uint64, err error) {
	stored, version, err = kv.Find(key)
	if errors.Is(err, kv.ErrAbsent) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, statusOf(err)
	}
	return stored, version, nil
}

func statusOf(err error) error {
	switch {
	case errors.Is(err, kv.ErrConflict):
		return guest.Error(guest.Aborted, "another process has changed the state; try again")
	case errors.Is(err, kv.ErrUnavailable):
		return guest.Error(guest.Unavailable, "the store does not answer: the change is made or not")
	case errors.Is(err, kv.ErrFull), errors.Is(err, kv.ErrTooLarge):
		return guest.Error(guest.ResourceExhausted, "there is no room for the state in the store")
	}
	return guest.Error(guest.Internal, "the store refuses the state: "+err.Error())
}
