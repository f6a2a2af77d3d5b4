// Package wire writes and reads fields of protobuf's wire format (protobuf.dev/programming-guides/encoding), as far as the
// details of statuses need it.
package wire

import (
	"encoding/binary"
	"errors"
	"iter"
	"unicode/utf8"
)

// AppendBytes writes a field of a length, also when that is 0.
func AppendBytes(buffer []byte, field int, value []byte) []byte {
	buffer = binary.AppendUvarint(buffer, uint64(field)<<3|lengthType)
	return append(binary.AppendUvarint(buffer, uint64(len(value))), value...)
}

// AppendText writes a field of text, unless it is empty.
func AppendText(buffer []byte, field int, value string) []byte {
	if value == "" {
		return buffer
	}
	return AppendBytes(buffer, field, []byte(value))
}

// AppendNumber writes a field of a number, unless it is 0.
func AppendNumber(buffer []byte, field int, value int64) []byte {
	if value == 0 {
		return buffer
	}
	return binary.AppendUvarint(binary.AppendUvarint(buffer, uint64(field)<<3), uint64(value))
}

const (
	varintType  = 0
	fixed64Type = 1
	lengthType  = 2
	fixed32Type = 5
)

// ErrMalformed is of bytes that are no message.
var ErrMalformed = errors.New("it is no protobuf message")

// Field is one of a message.
type Field struct {
	Number int
	Value  int64  // of a varint; 0 of others
	Bytes  []byte // of texts, bytes and messages, not nil; a part of those read from
}

// Text is the field's text; ErrMalformed where it is none.
func (f Field) Text() (string, error) {
	if f.Bytes == nil || !utf8.Valid(f.Bytes) {
		return "", ErrMalformed
	}
	return string(f.Bytes), nil
}

// Fields are those of a message, in their order. After an error there are no more.
func Fields(data []byte) iter.Seq2[Field, error] {
	return func(yield func(Field, error) bool) {
		for len(data) > 0 {
			field, size := next(data)
			if size == 0 {
				yield(Field{}, ErrMalformed)
				return
			}
			data = data[size:]
			if !yield(field, nil) {
				return
			}
		}
	}
}

// next is the first field, and how many bytes it has; 0 where there is none.
func next(data []byte) (field Field, size int) {
	tag, at := binary.Uvarint(data)
	if at <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return field, 0
	}
	field.Number = int(tag >> 3)
	switch tag & 7 {
	case varintType:
		value, size := binary.Uvarint(data[at:])
		if size <= 0 {
			return field, 0
		}
		field.Value = int64(value)
		return field, at + size
	case lengthType:
		length, size := binary.Uvarint(data[at:])
		if size <= 0 || length > uint64(len(data)-at-size) {
			return field, 0
		}
		begin := at + size
		end := begin + int(length)
		field.Bytes = data[begin:end:end]
		return field, end
	case fixed64Type:
		at += 8
	case fixed32Type:
		at += 4
	default: // groups, which none of these have
		return field, 0
	}
	if at > len(data) {
		return field, 0
	}
	return field, at
}
