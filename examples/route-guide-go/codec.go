package main

import (
	"errors"

	"google.golang.org/protobuf/proto"
)

// codec is for the messages of protobuf-go.
type codec struct{}

func (codec) Append(buffer []byte, message any) ([]byte, error) {
	return proto.MarshalOptions{}.MarshalAppend(buffer, message.(proto.Message))
}

func (codec) Unmarshal(data []byte, message any) error {
	return proto.Unmarshal(data, message.(proto.Message))
}

func (codec) Check(message any) error {
	if _, ok := message.(proto.Message); !ok {
		return errors.New("the message type is not one of protobuf-go")
	}
	return nil
}
