// Package kv is a key-value store that all instances of the module share, on all workers, for as long as the server runs,
// or longer: docs/host-modules.md, wasm_grpc_kv_1.
//
//	version, err := kv.Set("session/7", state, kv.TTL(5*time.Minute))
//	value, version, ok := kv.Get("session/7")
//
// Where calls meet in one instance (guest.PlaceByHeader and the like) the others go on while one waits for the store; else the
// instance waits as a whole.
//
// Natively, in tests, the store is the test's own, and without limits.
package kv

import (
	"errors"
	"time"
)

// Why a change was not made.
var (
	ErrAbsent   = errors.New("kv: there is no such key")
	ErrInvalid  = errors.New("kv: a key has 1 to 1024 bytes, and a time to live is more than 0")
	ErrConflict = errors.New("kv: the version is another one")
	ErrFull     = errors.New("kv: there is no room in the store")
	ErrTooLarge = errors.New("kv: the value is larger than values may be")
	// ErrUnavailable: the store does not answer, as one on disk or elsewhere may; a change may be done or not.
	ErrUnavailable = errors.New("kv: the store does not answer")
)

const (
	codeAbsent   = -4
	codeInvalid  = -6
	codeConflict = -8
	codeFull     = -9
	codeTooLarge = -10
	codeAway     = -11
)

func errorOf(answer int64) error {
	switch {
	case answer >= 0:
		return nil
	case answer == codeAbsent:
		return ErrAbsent
	case answer == codeConflict:
		return ErrConflict
	case answer == codeFull:
		return ErrFull
	case answer == codeTooLarge:
		return ErrTooLarge
	case answer == codeAway:
		return ErrUnavailable
	}
	return ErrInvalid
}

// Get is the value of a key, and its version: a number that changes with each Set of the key. Not ok where there is none,
// or its time has passed, or the store does not answer.
func Get(key string) (value []byte, version uint64, ok bool) {
	value, version, err := Find(key)
	return value, version, err == nil
}

// Find is Get for who must tell a key that is absent (ErrAbsent) from a store that does not answer (ErrUnavailable).
func Find(key string) (value []byte, version uint64, err error) {
	if answer, begun := ask(actionGet, []byte(key)); begun {
		if err := errorOf(answer.result); err != nil {
			return nil, 0, err
		}
		return answer.written, uint64(answer.result), nil
	}
	value = make([]byte, 256)
	for {
		size := get(key, value, &version)
		if err := errorOf(int64(size)); err != nil {
			return nil, 0, err
		}
		if int(size) <= len(value) {
			return value[:size], version, nil
		}
		value = make([]byte, size) // another instance may replace it by a larger one meanwhile
	}
}

type condition struct {
	ttl       int64
	ifVersion int64
}

// Option says how a key is changed.
type Option func(*condition)

// TTL is how long the value lives; without it for as long as the store does. Of Set.
func TTL(ttl time.Duration) Option {
	return func(c *condition) { c.ttl = max(int64(ttl), 0) } // a negative one would be for ever; 0 is refused
}

// IfVersion has the key changed only when this is its version, 0 when there is no such key; else ErrConflict.
func IfVersion(version uint64) Option { return func(c *condition) { c.ifVersion = int64(version) } }

func conditionOf(options []Option) condition {
	is := condition{ttl: -1, ifVersion: -1}
	for _, option := range options {
		option(&is)
	}
	return is
}

// Set sets the value of a key; its new version.
func Set(key string, value []byte, options ...Option) (version uint64, err error) {
	result := int64(0)
	if answer, begun := ask(actionSet, new(Changes).Set(key, value, options...).bytes); begun {
		result = answer.result
	} else {
		is := conditionOf(options)
		result = set(key, value, is.ttl, is.ifVersion)
	}
	if err := errorOf(result); err != nil {
		return 0, err
	}
	return uint64(result), nil
}

// Remove removes a key.
func Remove(key string, options ...Option) error {
	if answer, begun := ask(actionRemove, new(Changes).Remove(key, options...).bytes); begun {
		return errorOf(answer.result)
	}
	return errorOf(int64(remove(key, conditionOf(options).ifVersion)))
}
