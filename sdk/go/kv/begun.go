package kv

import (
	"context"
	"encoding/binary"
	"math"

	"wasm-grpc/guest/internal/abi"
	"wasm-grpc/guest/internal/loop"
)

// What is begun where the instance serves calls side by side, so that the others go on.
const (
	actionGet        int32 = 0
	actionSet        int32 = 1
	actionRemove     int32 = 2
	actionList       int32 = 3
	actionGetMany    int32 = 4
	actionChangeEach int32 = 5
	actionChangeAll  int32 = 6
	actionSwap       int32 = 7
	actionWatch      int32 = 8
)

// answer is that of something begun: what the function would have answered, and written.
type answer struct {
	result  int64
	written []byte
}

// ask is what the function of that action answers, waited for while other goroutines run. Not begun where the instance waits as a
// whole, by the function itself.
func ask(action int32, request []byte) (answer answer, begun bool) {
	if !loop.GoesOn() {
		return answer, false
	}
	number := begin(action, request)
	if number <= 0 {
		return answer, false // the function says why, or has room
	}
	told := loop.Begun(abi.EventOfTheStore, number)
	defer loop.Done(abi.EventOfTheStore, number)
	for {
		next := told.Next()
		if answer, there := taken(number); there {
			return answer, true
		}
		<-next
	}
}

// taken is the answer of something begun, if it is there.
func taken(number int32) (taken answer, there bool) {
	buffer := make([]byte, 256)
	for {
		switch size := take(number, buffer); {
		case size == abi.Again:
			return answer{}, false
		case size < 8:
			return answer{result: int64(min(size, codeInvalid))}, true
		case int(size) > len(buffer):
			buffer = make([]byte, size)
		default:
			return answer{int64(binary.LittleEndian.Uint64(buffer)), buffer[8:size:size]}, true
		}
	}
}

func requestOfList(prefix, after string, most int) []byte {
	request := binary.LittleEndian.AppendUint32(nil, uint32(int32(min(max(most, math.MinInt32), math.MaxInt32))))
	request = binary.LittleEndian.AppendUint32(request, uint32(len(prefix)))
	return append(append(request, prefix...), after...)
}

// Watcher tells which keys are set or removed, by whichever instance of the module in this process, and, where the store tells,
// by others, and those whose time passes (docs/host-modules.md).
type Watcher struct {
	number int32
	told   *loop.Signal
}

// Watch begins to watch a key, until Close. ErrInvalid where calls do not meet in one instance (guest.PlaceByHeader and the like),
// and for what is no key; ErrFull where the instance has 64.
func Watch(key string) (*Watcher, error) { return watch(0, key) }

// WatchPrefix is Watch for all keys that begin so.
func WatchPrefix(prefix string) (*Watcher, error) { return watch(1, prefix) }

func watch(what uint32, key string) (*Watcher, error) {
	if !loop.GoesOn() {
		return nil, ErrInvalid
	}
	number := begin(actionWatch, append(binary.LittleEndian.AppendUint32(nil, what), key...))
	if number <= 0 {
		return nil, errorOf(min(int64(number), codeInvalid))
	}
	return &Watcher{number, loop.Begun(abi.EventOfTheStore, number)}, nil
}

// Next waits for a change, and is the keys that were changed since it told of one last: each once, however often that was. All is
// true where more were than are told, so that any may have. The error is that of the context, when it ends, or ErrInvalid after Close.
func (w *Watcher) Next(ctx context.Context) (keys []string, all bool, err error) {
	for {
		next := w.told.Next()
		if answer, there := taken(w.number); there {
			if err := errorOf(answer.result); err != nil {
				return nil, false, err
			}
			for rest := answer.written; len(rest) > 0; {
				size := binary.LittleEndian.Uint32(rest)
				keys = append(keys, string(rest[4:4+size]))
				rest = rest[4+size:]
			}
			return keys, answer.result > 0, nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// Close ends it.
func (w *Watcher) Close() {
	closeBegun(w.number)
	loop.Done(abi.EventOfTheStore, w.number)
	w.told.Tell()
}
