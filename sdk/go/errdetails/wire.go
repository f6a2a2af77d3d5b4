package errdetails

// The wire format, as far as these messages need it (protobuf.dev/programming-guides/encoding).

func varint(buffer []byte, value uint64) []byte {
	for ; value >= 0x80; value >>= 7 {
		buffer = append(buffer, byte(value)|0x80)
	}
	return append(buffer, byte(value))
}

// message writes a field of a length, also when that is 0.
func message(buffer []byte, field int, value []byte) []byte {
	buffer = varint(buffer, uint64(field)<<3|2)
	return append(varint(buffer, uint64(len(value))), value...)
}

func text(buffer []byte, field int, value string) []byte {
	if value == "" {
		return buffer
	}
	return message(buffer, field, []byte(value))
}

func number(buffer []byte, field int, value int64) []byte {
	if value == 0 {
		return buffer
	}
	return varint(varint(buffer, uint64(field)<<3), uint64(value))
}
