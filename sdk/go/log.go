package guest

import (
	"iter"
	"strconv"
	"strings"

	"wasm-grpc/guest/internal/abi"
)

// Level is how much a line of the host's log matters.
type Level int32

// The levels of the host's log.
const (
	LevelTrace Level = 0
	LevelDebug Level = 1
	LevelInfo  Level = 2
	LevelWarn  Level = 3
	LevelError Level = 4
)

// Log writes one line to the host's log, with the module's name; 8 KiB of it at most. Package hostlog makes it a handler
// of log/slog. What a guest prints comes out there too: os.Stdout as info, os.Stderr as warn.
func Log(level Level, text string) { abi.Log(int32(level), text) }

// Log writes a line to the host's log as the function [Log] does, with the call's method and the client's address, and
// with fields: keys and values by turns, as log/slog has them.
//
//	ctx.Log(guest.LevelInfo, "stored", "name", name, "bytes", len(data))
//
// Keys are strings of letters, digits, '_', '-' and '.', 64 bytes at most; capital letters become small ones. Values are
// strings, numbers, booleans, errors, and what has a method String; of others it is the type that is logged. 32 fields
// and 8 KiB of them at most. Where they are not so, after the handler has returned, and on a host before log_call
// (docs/abi.md), it is a plain line with the fields at its end.
func (c *Context) Log(level Level, text string, fields ...any) {
	var pairs []byte
	for key, value := range byTurns(fields) {
		pairs = appendPair(pairs, strings.ToLower(key), value)
	}
	if abi.LogCall(c.call, int32(level), text, pairs) == abi.OK {
		return
	}
	for key, value := range byTurns(fields) {
		text += " " + quoted(key) + "=" + quoted(value)
	}
	Log(level, text)
}

// byTurns is the keys and values of fields; what has no key, or is one without a value, has the key of log/slog for that.
func byTurns(fields []any) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for rest := fields; len(rest) > 0; {
			key, isKey := rest[0].(string)
			value, size := rest[0], 1
			if isKey && len(rest) > 1 {
				value, size = rest[1], 2
			} else {
				key = "!BADKEY"
			}
			if !yield(key, textOf(value)) {
				return
			}
			rest = rest[size:]
		}
	}
}

// appendPair appends a key and a value in the form of ABI 1.
func appendPair(pairs []byte, key, value string) []byte {
	for _, size := range []int{len(key), len(value)} {
		pairs = append(pairs, byte(size), byte(size>>8), byte(size>>16), byte(size>>24))
	}
	return append(append(pairs, key...), value...)
}

// quoted is text that begins and ends where it seems to.
func quoted(text string) string {
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == '"' || r == '=' }) {
		return strconv.Quote(text)
	}
	return text
}
