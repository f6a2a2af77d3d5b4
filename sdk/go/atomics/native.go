//go:build !wasm

package atomics

import "sync"

var native struct {
	sync.Mutex
	numbers map[string]int32
	values  []int64
}

func named(name string) int32 {
	native.Lock()
	defer native.Unlock()
	if len(name) < 1 || len(name) > 256 {
		return -6
	}
	if number, known := native.numbers[name]; known {
		return number
	}
	if native.numbers == nil {
		native.numbers = map[string]int32{}
	}
	number := int32(len(native.values))
	native.numbers[name] = number
	native.values = append(native.values, 0)
	return number
}

// change sets a counter to what it becomes, and gives what it was and is.
func change(counter int32, becomes func(value int64) int64) (before, after int64) {
	native.Lock()
	defer native.Unlock()
	value := &native.values[counter]
	before = *value
	*value = becomes(before)
	return before, *value
}

func load(counter int32) int64 {
	value, _ := change(counter, func(value int64) int64 { return value })
	return value
}

func store(counter int32, value int64) { exchange(counter, value) }

func add(counter int32, by int64) int64 {
	_, after := change(counter, func(value int64) int64 { return value + by })
	return after
}

func exchange(counter int32, value int64) int64 {
	before, _ := change(counter, func(int64) int64 { return value })
	return before
}

func compareExchange(counter int32, expected, desired int64) int64 {
	before, _ := change(counter, func(value int64) int64 {
		if value == expected {
			return desired
		}
		return value
	})
	return before
}
