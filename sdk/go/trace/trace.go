// Package trace is spans of the guest's own, inside of the span that the host makes of its call: docs/traces.md,
// wasm_grpc_trace_1.
//
//	lookUp := trace.Begin(ctx, "look up")
//	defer lookUp.End()
//	lookUp.Set("item", request.Item)
//	inStore := lookUp.Begin("store")
//	...
//	inStore.End()
//
// Natively, in tests, nothing is recorded.
package trace

import "wasm-grpc/guest"

// Span is something that takes a part of a call, from Begin to End. Where the call is not sampled it costs one call of
// the host, and nothing is recorded; at most 128 of one call are. What is open when the handler returns ends then.
type Span struct {
	call, number int32
	failed       bool
}

// Begin begins one inside of the call's own span. A name has 1 to 256 bytes.
func Begin(ctx *guest.Context, name string) *Span {
	return &Span{call: ctx.ID(), number: begin(ctx.ID(), 0, name)}
}

// Begin begins one inside of s, which has not ended; of one that is not recorded, none is.
func (s *Span) Begin(name string) *Span {
	inner := &Span{call: s.call}
	if s.Recorded() {
		inner.number = begin(s.call, s.number, name)
	}
	return inner
}

// Recorded is false where what is set would go nowhere, and need not be made.
func (s *Span) Recorded() bool { return s.number > 0 }

// Set says something of it. A key has 1 to 256 bytes, a value 1,024 at most, and 16 are kept.
func (s *Span) Set(key, value string) {
	if s.Recorded() {
		attribute(s.call, s.number, key, value)
	}
}

// Fail has it shown as one that failed.
func (s *Span) Fail() { s.failed = true }

// End ends it; the second time it does nothing.
func (s *Span) End() {
	if s.Recorded() {
		end(s.call, s.number, s.failed)
	}
	s.number = 0
}
