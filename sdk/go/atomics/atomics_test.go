package atomics_test

import (
	"strings"
	"testing"

	"wasm-grpc/guest/atomics"
)

func TestCountersOfOneNameAreOne(t *testing.T) {
	one, again, other := atomics.Named("one"), atomics.Named("one"), atomics.Named("other")
	if one.Add(2) != 2 || again.Add(-3) != -1 || one.Load() != -1 || other.Load() != 0 {
		t.Fatal(one.Load(), again.Load(), other.Load())
	}
	one.Store(5)
	if one.Exchange(6) != 5 || one.CompareAndSwap(5, 7) || !one.CompareAndSwap(6, 7) || again.Load() != 7 {
		t.Fatal(one.Load())
	}
}

func TestACounterHasAName(t *testing.T) {
	if atomics.Named("").Valid() || atomics.Named(strings.Repeat("n", 257)).Valid() || !atomics.Named("n").Valid() {
		t.Fatal("a name has 1 to 256 bytes")
	}
}
