//go:build !wasm

package kv

import (
	"encoding/binary"
	"slices"
	"strings"

	"wasm-grpc/guest/internal/abi"
	"wasm-grpc/guest/internal/loop"
)

// Natively only watches are begun: nobody waits for the rest.
var watches = map[int32]*nativeWatch{} // by number, under the lock of native

type nativeWatch struct {
	key    string
	prefix bool
	keys   []string // changed since it was taken
}

var lastNumber int32

func begin(action int32, request []byte) int32 {
	if action != actionWatch {
		return abi.Unsupported
	}
	native.Lock()
	defer native.Unlock()
	watch := &nativeWatch{key: string(request[4:]), prefix: binary.LittleEndian.Uint32(request) == 1}
	if !watch.prefix && badKey(watch.key) {
		return codeInvalid
	}
	lastNumber++
	watches[lastNumber] = watch
	return lastNumber
}

func take(number int32, answer []byte) int32 {
	native.Lock()
	defer native.Unlock()
	watch := watches[number]
	if watch == nil {
		return abi.Closed
	}
	if len(watch.keys) == 0 {
		return abi.Again
	}
	written := make([]byte, 8)
	for _, key := range watch.keys {
		written = append(binary.LittleEndian.AppendUint32(written, uint32(len(key))), key...)
	}
	if len(written) <= len(answer) {
		copy(answer, written)
		watch.keys = nil
	}
	return int32(len(written))
}

func closeBegun(number int32) int32 {
	native.Lock()
	defer native.Unlock()
	delete(watches, number)
	return abi.OK
}

// tellWatches is called with the lock of native.
func tellWatches(key string) {
	for number, watch := range watches {
		if key == watch.key || (watch.prefix && strings.HasPrefix(key, watch.key)) {
			if !slices.Contains(watch.keys, key) {
				watch.keys = append(watch.keys, key)
			}
			loop.Tell(abi.EventOfTheStore, number)
		}
	}
}
