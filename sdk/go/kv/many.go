package kv

import (
	"encoding/binary"
	"math"
	"time"
)

// Listed is a pair, without its value.
type Listed struct {
	Key        string
	ValueBytes int
	Version    uint64
	// Left is how long it has; negative where it stays.
	Left time.Duration
}

// List is the pairs whose keys begin with prefix and come after the key after, in the order of their bytes: most of them, which
// may be 1 to 1000. The next page comes after next; where that is "", this was the last, and has nothing.
//
//	for pairs, next, err := kv.List("session/", "", 100); next != "" && err == nil; pairs, next, err = kv.List("session/", next, 100) {
//
// It does not load in a host that does not have it, as what follows.
func List(prefix, after string, most int) (pairs []Listed, next string, err error) {
	page, result := pageOf(prefix, after, most)
	if err := errorOf(result); err != nil {
		return nil, "", err
	}
	for len(page) > 0 {
		keySize := binary.LittleEndian.Uint32(page)
		pair := Listed{
			ValueBytes: int(binary.LittleEndian.Uint32(page[4:])),
			Version:    binary.LittleEndian.Uint64(page[8:]),
			Left:       time.Duration(binary.LittleEndian.Uint64(page[16:])),
			Key:        string(page[24 : 24+keySize]),
		}
		page = page[24+keySize:]
		next = pair.Key
		if pair.Version != 0 { // else it only says how far was looked
			pairs = append(pairs, pair)
		}
	}
	return pairs, next, nil
}

func pageOf(prefix, after string, most int) (page []byte, result int64) {
	if answer, begun := ask(actionList, requestOfList(prefix, after, most)); begun {
		return answer.written, answer.result
	}
	page = make([]byte, min(max(most, 1)*128+2048, 65536))
	size := list(prefix, after, int32(min(max(most, math.MinInt32), math.MaxInt32)), page)
	return page[:max(size, 0)], int64(size)
}

// Pair is a value and its version, which is 0 where there is none.
type Pair struct {
	Value   []byte
	Version uint64
}

// GetMany is the values of 1 to 100 keys, in their order, each as it was at some moment. ErrTooLarge: ask for fewer at once.
func GetMany(keys ...string) ([]Pair, error) {
	var request []byte
	for _, key := range keys {
		request = binary.LittleEndian.AppendUint32(request, uint32(len(key)))
		request = append(request, key...)
	}
	found, result := foundOf(request)
	if err := errorOf(result); err != nil {
		return nil, err
	}
	pairs := make([]Pair, 0, len(keys))
	for len(found) > 0 {
		size := int32(binary.LittleEndian.Uint32(found))
		pair := Pair{Version: binary.LittleEndian.Uint64(found[4:])}
		found = found[12:]
		if size >= 0 {
			pair.Value = found[:size:size]
			found = found[size:]
		}
		pairs = append(pairs, pair)
	}
	return pairs, nil
}

func foundOf(request []byte) (found []byte, result int64) {
	if answer, begun := ask(actionGetMany, request); begun {
		return answer.written, answer.result
	}
	const most = 9 << 20 // what the host gives at most, and more
	found = make([]byte, 4096)
	for {
		size := getMany(request, found)
		if size != codeTooLarge || len(found) == most {
			return found[:max(size, 0)], int64(size)
		}
		found = make([]byte, min(len(found)*16, most))
	}
}

const removes = math.MaxUint32

// Changes are 1 to 100 changes, for ChangeEach or ChangeAll.
type Changes struct {
	bytes []byte
	count int
}

func (c *Changes) add(key string, size uint32, value []byte, options []Option) *Changes {
	is := conditionOf(options)
	c.bytes = binary.LittleEndian.AppendUint32(c.bytes, uint32(len(key)))
	c.bytes = binary.LittleEndian.AppendUint32(c.bytes, size)
	c.bytes = binary.LittleEndian.AppendUint64(c.bytes, uint64(is.ttl))
	c.bytes = binary.LittleEndian.AppendUint64(c.bytes, uint64(is.ifVersion))
	c.bytes = append(append(c.bytes, key...), value...)
	c.count++
	return c
}

// Set adds a change that sets the value of a key.
func (c *Changes) Set(key string, value []byte, options ...Option) *Changes {
	return c.add(key, uint32(len(value)), value, options)
}

// Remove adds a change that removes a key.
func (c *Changes) Remove(key string, options ...Option) *Changes {
	return c.add(key, removes, nil, options)
}

// Changed is how one of several changes went: its new version, or why it was not made. Of changes together that were not
// made it is neither for those that could have been.
type Changed struct {
	Version uint64
	Err     error
}

func (c *Changes) make(action int32, change func(changes, results []byte) int32) ([]Changed, error) {
	var results []byte
	var result int64
	if answer, begun := ask(action, c.bytes); begun {
		results, result = answer.written, answer.result
	} else {
		results = make([]byte, 8*c.count)
		result = int64(change(c.bytes, results))
	}
	err := errorOf(result)
	if (result != 0 && result != codeConflict) || len(results) != 8*c.count {
		return nil, err
	}
	each := make([]Changed, c.count)
	for i := range each {
		one := int64(binary.LittleEndian.Uint64(results[8*i:]))
		each[i] = Changed{Version: uint64(max(one, 0)), Err: errorOf(one)}
	}
	return each, err
}

// ChangeEach makes changes in their order, each for itself.
func ChangeEach(changes *Changes) ([]Changed, error) {
	return changes.make(actionChangeEach, changeEach)
}

// ChangeAll makes changes together, all or none: none, and ErrConflict, where the version of one is another. Each is of
// another key.
func ChangeAll(changes *Changes) ([]Changed, error) { return changes.make(actionChangeAll, changeAll) }

// Swap is Set, and what was there before; with ErrConflict, what is there. An old value above 64 KiB need not be told: it is nil
// then, with its version.
func Swap(key string, value []byte, options ...Option) (version uint64, old Pair, err error) {
	result, about, value := swapped(key, value, options)
	if err = errorOf(result); err == nil {
		version = uint64(result)
	}
	if size := int32(binary.LittleEndian.Uint32(about)); size >= 0 && (err == nil || err == ErrConflict) {
		old.Version = binary.LittleEndian.Uint64(about[8:])
		if int(size) <= len(value) {
			old.Value = value[:size:size]
		}
	}
	return version, old, err
}

func swapped(key string, value []byte, options []Option) (result int64, about, old []byte) {
	about = make([]byte, 16)
	if answer, begun := ask(actionSwap, new(Changes).Set(key, value, options...).bytes); begun {
		if len(answer.written) < len(about) {
			return answer.result, about, nil
		}
		return answer.result, answer.written[:16], answer.written[16:]
	}
	is := conditionOf(options)
	old = make([]byte, 65536)
	return swap(key, value, is.ttl, is.ifVersion, old, (*[16]byte)(about)), about, old
}
