//go:build !wasm

package kv

import (
	"bytes"
	"sync"
	"time"
)

type pair struct {
	value   []byte
	version uint64
	end     time.Time // zero: none
}

var native struct {
	sync.Mutex
	pairs   map[string]pair
	version uint64
}

// find is the pair of a key whose time has not passed; one of version 0 where there is none.
func find(key string) pair {
	found := native.pairs[key]
	if !found.end.IsZero() && !time.Now().Before(found.end) {
		delete(native.pairs, key)
		return pair{}
	}
	return found
}

func badKey(key string) bool { return len(key) < 1 || len(key) > 1024 }

func get(key string, value []byte, version *uint64) int32 {
	native.Lock()
	defer native.Unlock()
	found := find(key)
	if badKey(key) {
		return codeInvalid
	}
	if found.version == 0 {
		return codeAbsent
	}
	if len(found.value) <= len(value) {
		copy(value, found.value)
	}
	*version = found.version
	return int32(len(found.value))
}

func set(key string, value []byte, ttl, ifVersion int64) int64 {
	native.Lock()
	defer native.Unlock()
	return setLocked(key, value, ttl, ifVersion)
}

func setLocked(key string, value []byte, ttl, ifVersion int64) int64 {
	if badKey(key) || ttl == 0 || ifVersion < -1 {
		return codeInvalid
	}
	if ifVersion >= 0 && find(key).version != uint64(ifVersion) {
		return codeConflict
	}
	native.version++
	fresh := pair{value: bytes.Clone(value), version: native.version}
	if ttl > 0 {
		fresh.end = time.Now().Add(time.Duration(ttl))
	}
	if native.pairs == nil {
		native.pairs = map[string]pair{}
	}
	native.pairs[key] = fresh
	tellWatches(key)
	return int64(fresh.version)
}

func remove(key string, ifVersion int64) int32 {
	native.Lock()
	defer native.Unlock()
	return removeLocked(key, ifVersion)
}

func removeLocked(key string, ifVersion int64) int32 {
	found := find(key)
	switch {
	case badKey(key) || ifVersion < -1:
		return codeInvalid
	case ifVersion >= 0 && found.version != uint64(ifVersion):
		return codeConflict
	case found.version == 0:
		return codeAbsent
	}
	delete(native.pairs, key)
	tellWatches(key)
	return 0
}
