package main

import (
	"testing"
	"time"
)

// usages with this much of one thing, and none of all else.
func usages(what int, values ...float64) record {
	made := make(record, len(values))
	for i, value := range values {
		made[i][what] = value
	}
	return made
}

func TestWhatGrowsIsFound(t *testing.T) {
	flat, growing := make([]float64, 40), make([]float64, 40)
	for what, watch := range watches {
		base := watch.plus + watch.unit*10
		for i := range flat {
			flat[i] = base
			growing[i] = base * (1 + float64(i)/10)
		}
		flat[39] = base * 100 // a peak is no growth
		if complaints := usages(what, flat...).check(time.Minute, false); complaints != nil {
			t.Errorf("%s is flat: %v", watch.name, complaints)
		}
		if complaints := usages(what, growing...).check(time.Minute, false); len(complaints) != 1 {
			t.Errorf("%s grows: %v", watch.name, complaints)
		}
	}
}

func TestQuantilesAreThoseOfTheTimesGiven(t *testing.T) {
	h := new(histogram)
	for i := range 1000 {
		h.add(time.Duration(i+1) * time.Microsecond)
	}
	for part, want := range map[float64]time.Duration{.5: 500 * time.Microsecond, .99: 990 * time.Microsecond} {
		if got := h.quantile(part); got < want || got > want+want/20 {
			t.Errorf("quantile %v is %v, expected %v", part, got, want)
		}
	}
	if h.max() != time.Millisecond || h.quantile(1) != time.Millisecond {
		t.Errorf("the most is %v, %v", h.max(), h.quantile(1))
	}
	if got := new(histogram).quantile(.5); got != 0 {
		t.Errorf("of nothing the median is %v", got)
	}
}

func TestEveryTimeHasABucket(t *testing.T) {
	last := -1
	for value := time.Duration(1); value > 0 && value < 1<<62; value += value/64 + 1 {
		at := bucket(value)
		if at < last || upper(at) < value || at > 0 && upper(at-1) >= value {
			t.Fatalf("%d is in bucket %d, whose largest is %d", value, at, upper(at))
		}
		last = at
	}
}
