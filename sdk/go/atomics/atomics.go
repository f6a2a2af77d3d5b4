// Package atomics is counters that all instances of the module share, on all workers, for as long as the server runs:
// docs/host-modules.md, wasm_grpc_atomics_1.
//
//	var visits = atomics.Named("visits")
//	...
//	visits.Add(1)
//
// Natively, in tests, the counters are the test's own.
package atomics

// Counter is a 64-bit integer. Every method is one atomic step; sums wrap around. Find it once, by Named, and keep it.
type Counter struct{ number int32 }

// Named is the counter of that name, 1 to 256 bytes; it is 0 at first. One that is not Valid when the module has as many
// as it may (--max-counters), or the name is none.
func Named(name string) Counter { return Counter{named(name)} }

// Valid tells whether there is such a counter. Using one that is not ends the call with INTERNAL.
func (c Counter) Valid() bool { return c.number >= 0 }

// Load is its value.
func (c Counter) Load() int64 { return load(c.number) }

// Store gives it a value.
func (c Counter) Store(value int64) { store(c.number, value) }

// Add adds to it; what it is after that.
func (c Counter) Add(by int64) int64 { return add(c.number, by) }

// Exchange gives it a value; what it was before.
func (c Counter) Exchange(value int64) int64 { return exchange(c.number, value) }

// CompareAndSwap gives it the desired value if it has the expected one, and tells whether it had.
func (c Counter) CompareAndSwap(expected, desired int64) bool {
	return compareExchange(c.number, expected, desired) == expected
}
