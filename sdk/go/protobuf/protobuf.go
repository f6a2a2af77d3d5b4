// Package protobuf lets guests use Google's protobuf-go: the codec of its messages, and any of them as a detail of a
// status.
//
//	guide := guest.NewService("routeguide.RouteGuide").Codec(protobuf.Codec{})
//
// A guest's go.mod has two lines of `replace`, one for wasm-grpc/guest and one for wasm-grpc/guest/protobuf.
package protobuf

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"wasm-grpc/guest"
)

// Codec turns the messages that protoc-gen-go generates to bytes and back.
type Codec struct{}

var _ guest.Codec = Codec{}

// Append encodes a message behind what buffer holds.
func (Codec) Append(buffer []byte, message any) ([]byte, error) {
	return proto.MarshalOptions{}.MarshalAppend(buffer, message.(proto.Message))
}

// Unmarshal decodes data into a new message, which keeps nothing of it.
func (Codec) Unmarshal(data []byte, message any) error {
	return proto.Unmarshal(data, message.(proto.Message))
}

// Check refuses what is no message of protobuf-go.
func (Codec) Check(message any) error {
	if _, ok := message.(proto.Message); ok {
		return nil
	}
	return fmt.Errorf("%T is no message of protobuf-go: generate it with protoc-gen-go", message)
}

// Detail makes a message a detail of a status:
//
//	guest.NewStatus(guest.NotFound, "no such order").With(protobuf.Detail(&errdetails.ResourceInfo{...}))
func Detail(message proto.Message) guest.Detail { return detail{message} }

type detail struct{ message proto.Message }

func (d detail) DetailType() string { return string(d.message.ProtoReflect().Descriptor().FullName()) }

func (d detail) AppendDetail(buffer []byte) ([]byte, error) {
	return proto.MarshalOptions{}.MarshalAppend(buffer, d.message)
}

// ReadDetail reads the first detail of the message's type, of a status that a call of another service has ended with; false, and
// what message then has means nothing, where there is none, or it is not well-formed.
func ReadDetail(status *guest.Status, message proto.Message) bool {
	return status.Detail(detail{message})
}

func (d detail) ReadDetail(data []byte) error { return proto.Unmarshal(data, d.message) }
