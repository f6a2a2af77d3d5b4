//go:build !wasm

package guesttest

import (
	"encoding/binary"
	"strconv"
	"strings"

	"wasm-grpc/guest/internal/abi"
)

var levels = [...]string{"trace", "debug", "info", "warn", "error"}

func (h *host) Log(level int32, text string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.result.Log = append(h.result.Log, levels[level]+": "+text)
}

// The most that a line may have of pairs, and of a key.
const (
	mostPairs     = 32
	mostPairBytes = 8 << 10
	mostKeyBytes  = 64
)

func (h *host) LogCall(call, level int32, text string, pairs []byte) int32 {
	h.mutex.Lock()
	live := h.live(call)
	h.mutex.Unlock()
	if !live {
		return abi.Closed
	}
	text += " method=" + h.call.Path + " peer=" + peer
	if len(pairs) > mostPairBytes {
		return abi.Invalid
	}
	for count := 0; len(pairs) > 0; count++ {
		keySize, valueSize := binary.LittleEndian.Uint32(pairs), binary.LittleEndian.Uint32(pairs[4:])
		key, value := string(pairs[8:8+keySize]), string(pairs[8+keySize:8+keySize+valueSize])
		if count == mostPairs || !isKey(key) {
			return abi.Invalid
		}
		if value == "" || strings.ContainsAny(value, " \"=") {
			value = strconv.Quote(value)
		}
		text += " " + key + "=" + value
		pairs = pairs[8+keySize+valueSize:]
	}
	h.Log(level, text)
	return abi.OK
}

func isKey(key string) bool {
	strange := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("_-.", r)
	}
	return key != "" && len(key) <= mostKeyBytes && !strings.ContainsFunc(key, strange)
}
