package main

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// histogram counts times in buckets that are a 32nd of their size wide. It does not grow.
type histogram struct {
	counts [64 * 32]atomic.Int64
	total  atomic.Int64
	most   atomic.Int64
}

func (h *histogram) add(took time.Duration) {
	h.counts[bucket(took)].Add(1)
	h.total.Add(1)
	for most := h.most.Load(); int64(took) > most && !h.most.CompareAndSwap(most, int64(took)); most = h.most.Load() {
	}
}

func bucket(took time.Duration) int {
	value := uint64(max(took, 0))
	if value < 32 {
		return int(value)
	}
	exponent := bits.Len64(value) - 6 // the value shifted by it has six bits
	return 32*(exponent+1) + int(value>>exponent) - 32
}

// upper is the largest time of a bucket.
func upper(bucket int) time.Duration {
	if bucket < 32 {
		return time.Duration(bucket)
	}
	exponent := bucket/32 - 1
	return time.Duration(uint64(bucket%32+33)<<exponent - 1)
}

// quantile is the time that this part of all took at most.
func (h *histogram) quantile(part float64) time.Duration {
	wanted := int64(part * float64(h.total.Load()))
	for i := range h.counts {
		if wanted -= h.counts[i].Load(); wanted < 0 {
			return min(upper(i), h.max())
		}
	}
	return h.max()
}

func (h *histogram) max() time.Duration { return time.Duration(h.most.Load()) }
