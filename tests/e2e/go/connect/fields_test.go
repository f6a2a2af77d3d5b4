package connect

import (
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"
)

// unknown is a message of pairs of a field's number and its value, a number or bytes, for a test that does not have its
// type.
func unknown(t *testing.T, pairs ...any) *emptypb.Empty {
	t.Helper()
	var bytes []byte
	for i := 0; i < len(pairs); i += 2 {
		number := protowire.Number(pairs[i].(int))
		switch value := pairs[i+1].(type) {
		case int:
			bytes = protowire.AppendVarint(protowire.AppendTag(bytes, number, protowire.VarintType), uint64(value))
		case string:
			bytes = protowire.AppendString(protowire.AppendTag(bytes, number, protowire.BytesType), value)
		case []byte:
			bytes = protowire.AppendBytes(protowire.AppendTag(bytes, number, protowire.BytesType), value)
		default:
			t.Fatalf("%T", value)
		}
	}
	message := &emptypb.Empty{}
	message.ProtoReflect().SetUnknown(bytes)
	return message
}
