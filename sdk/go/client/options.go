package client

import (
	"iter"
	"time"

	"wasm-grpc/guest/internal/abi"
)

// Metadata is headers or trailers, in the order sent.
type Metadata []Pair

// Pair is one of them: a lower-case key and its value, raw bytes where the key ends in "-bin".
type Pair struct{ Key, Value string }

// Get is the first value of a key.
func (m Metadata) Get(key string) (value string, ok bool) {
	for value := range m.Values(key) {
		return value, true
	}
	return "", false
}

// Values is every value of a key.
func (m Metadata) Values(key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, pair := range m {
			if pair.Key == key && !yield(pair.Value) {
				return
			}
		}
	}
}

// Option is something that is said of one call.
type Option func(*options)

type options struct {
	metadata          []byte
	timeout           time.Duration
	limited           bool
	headers, trailers *Metadata
}

// With adds a request header: a key of lower-case letters, digits, '_', '-' and '.', and a value of printable ASCII, or any
// bytes where the key ends in "-bin"; 16 KiB in all.
func With(key, value string) Option {
	return func(o *options) {
		for _, size := range []int{len(key), len(value)} {
			o.metadata = append(o.metadata, byte(size), byte(size>>8), byte(size>>16), byte(size>>24))
		}
		o.metadata = append(append(o.metadata, key...), value...)
	}
}

// Timeout gives the call a time of its own, at no cost. A deadline of the context holds too.
func Timeout(timeout time.Duration) Option {
	return func(o *options) { o.timeout, o.limited = timeout, true }
}

// Headers receives the response headers, when the call has ended.
func Headers(into *Metadata) Option { return func(o *options) { o.headers = into } }

// Trailers receives the trailers, when the call has ended.
func Trailers(into *Metadata) Option { return func(o *options) { o.trailers = into } }

// timeoutNanoseconds is that of the options or of the context, whichever is sooner.
func (o *options) timeoutNanoseconds(deadline time.Time, has bool) int64 {
	timeout := o.timeout
	if has {
		if left := time.Until(deadline); !o.limited || left < timeout {
			timeout = left
		}
	} else if !o.limited {
		return abi.NoTimeout
	}
	return int64(max(timeout, 0))
}

// parse reads metadata in the host's form.
func parse(list string) Metadata {
	var metadata Metadata
	little := func(at int) int {
		return int(list[at]) | int(list[at+1])<<8 | int(list[at+2])<<16 | int(list[at+3])<<24
	}
	for len(list) >= 8 {
		keySize, valueSize := little(0), little(4)
		metadata = append(metadata, Pair{list[8 : 8+keySize], list[8+keySize : 8+keySize+valueSize]})
		list = list[8+keySize+valueSize:]
	}
	return metadata
}
