//go:build !wasm

package kv

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"time"
)

func list(prefix, after string, most int32, page []byte) int32 {
	native.Lock()
	defer native.Unlock()
	if most < 1 || most > 1000 {
		return codeInvalid
	}
	var written []byte
	for _, key := range slices.Sorted(maps.Keys(native.pairs)) {
		found := find(key)
		if found.version == 0 || !strings.HasPrefix(key, prefix) || key <= after {
			continue
		}
		left := int64(-1)
		if !found.end.IsZero() {
			left = int64(time.Until(found.end))
		}
		if most--; most < 0 || len(written)+24+len(key) > len(page) {
			break
		}
		written = binary.LittleEndian.AppendUint32(written, uint32(len(key)))
		written = binary.LittleEndian.AppendUint32(written, uint32(len(found.value)))
		written = binary.LittleEndian.AppendUint64(written, found.version)
		written = append(binary.LittleEndian.AppendUint64(written, uint64(left)), key...)
	}
	return int32(copy(page, written))
}

func getMany(keys, pairs []byte) int32 {
	native.Lock()
	defer native.Unlock()
	if len(keys) == 0 {
		return codeInvalid
	}
	var written []byte
	for count := 0; len(keys) > 0; count++ {
		size := binary.LittleEndian.Uint32(keys)
		key := string(keys[4 : 4+size])
		keys = keys[4+size:]
		if badKey(key) || count == 100 {
			return codeInvalid
		}
		found := find(key)
		length := int32(len(found.value))
		if found.version == 0 {
			length = codeAbsent
		}
		written = binary.LittleEndian.AppendUint32(written, uint32(length))
		written = append(binary.LittleEndian.AppendUint64(written, found.version), found.value...)
	}
	if len(written) > len(pairs) {
		return codeTooLarge
	}
	return int32(copy(pairs, written))
}

type nativeChange struct {
	key            string
	value          []byte
	removes        bool
	ttl, ifVersion int64
}

func readChanges(bytes []byte) (changes []nativeChange) {
	for len(bytes) > 0 {
		keySize, valueSize := binary.LittleEndian.Uint32(bytes), binary.LittleEndian.Uint32(bytes[4:])
		change := nativeChange{
			ttl:       int64(binary.LittleEndian.Uint64(bytes[8:])),
			ifVersion: int64(binary.LittleEndian.Uint64(bytes[16:])),
			key:       string(bytes[24 : 24+keySize]),
			removes:   valueSize == removes,
		}
		bytes = bytes[24+keySize:]
		if !change.removes {
			change.value, bytes = bytes[:valueSize], bytes[valueSize:]
		}
		changes = append(changes, change)
	}
	return changes
}

func (c nativeChange) invalid() bool {
	return badKey(c.key) || c.ifVersion < -1 || (!c.removes && c.ttl == 0)
}

func (c nativeChange) conflicts() bool {
	return c.ifVersion >= 0 && find(c.key).version != uint64(c.ifVersion)
}

// make is what set or remove would answer, under the lock.
func (c nativeChange) make() int64 {
	if c.removes {
		return int64(removeLocked(c.key, c.ifVersion))
	}
	return setLocked(c.key, c.value, c.ttl, c.ifVersion)
}

func changeTogether(bytes, results []byte, all bool) int32 {
	native.Lock()
	defer native.Unlock()
	changes := readChanges(bytes)
	keys := map[string]bool{}
	conflict := false
	for _, change := range changes {
		if change.invalid() || (all && keys[change.key]) {
			return codeInvalid
		}
		keys[change.key] = true
		conflict = conflict || (all && change.conflicts())
	}
	if len(changes) == 0 || len(changes) > 100 {
		return codeInvalid
	}
	for i, change := range changes {
		answer := int64(0)
		switch {
		case !conflict:
			answer = change.make()
		case change.conflicts():
			answer = codeConflict
		}
		binary.LittleEndian.PutUint64(results[8*i:], uint64(answer))
	}
	if conflict {
		return codeConflict
	}
	return 0
}

func changeEach(changes, results []byte) int32 { return changeTogether(changes, results, false) }
func changeAll(changes, results []byte) int32  { return changeTogether(changes, results, true) }

func swap(key string, value []byte, ttl, ifVersion int64, old []byte, about *[16]byte) int64 {
	native.Lock()
	defer native.Unlock()
	found := find(key)
	length := int32(len(found.value))
	if found.version == 0 {
		length = codeAbsent
	}
	binary.LittleEndian.PutUint32(about[:], uint32(length))
	binary.LittleEndian.PutUint64(about[8:], found.version)
	if len(found.value) <= len(old) {
		copy(old, found.value)
	}
	return setLocked(key, value, ttl, ifVersion)
}
