package protobuf

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
	"wasm-grpc/guest"
)

func TestTheCodecIsOfMessagesOfProtobufGo(t *testing.T) {
	encoded, err := Codec{}.Append([]byte("before"), wrapperspb.String("text"))
	if err != nil || string(encoded) != "before\x0a\x04text" {
		t.Fatalf("%q, %v", encoded, err)
	}
	var message wrapperspb.StringValue
	if err := (Codec{}).Unmarshal(encoded[6:], &message); err != nil || message.Value != "text" {
		t.Errorf("%q, %v", message.Value, err)
	}
	if (Codec{}).Unmarshal([]byte("\x0a"), &message) == nil {
		t.Error("half a message is taken")
	}
	if (Codec{}).Check(&message) != nil || (Codec{}).Check("text") == nil {
		t.Error("it does not tell messages from others")
	}
}

func TestAMessageMayBeADetail(t *testing.T) {
	status := guest.NewStatus(guest.NotFound, "").With(Detail(wrapperspb.Bool(true)))
	want := "\x08\x05\x12\x00\x1a\x33\x0a\x2dtype.googleapis.com/google.protobuf.BoolValue\x12\x02\x08\x01"
	if got := string(status.Details); got != want {
		t.Errorf("%q, not %q", got, want)
	}
	var _ proto.Message = wrapperspb.Bool(true)
	read := wrapperspb.Bool(false)
	if !ReadDetail(status, read) || !read.Value {
		t.Error("it is not read")
	}
	if ReadDetail(status, wrapperspb.String("")) {
		t.Error("another is read")
	}
}
