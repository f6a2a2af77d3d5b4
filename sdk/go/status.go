package guest

import (
	"context"
	"errors"

	"wasm-grpc/guest/internal/abi"
)

// Code is a gRPC status code.
type Code int32

// The codes of gRPC, with its numbers.
const (
	OK                 Code = 0
	Canceled           Code = 1
	Unknown            Code = 2
	InvalidArgument    Code = 3
	DeadlineExceeded   Code = 4
	NotFound           Code = 5
	AlreadyExists      Code = 6
	PermissionDenied   Code = 7
	ResourceExhausted  Code = 8
	FailedPrecondition Code = 9
	Aborted            Code = 10
	OutOfRange         Code = 11
	Unimplemented      Code = 12
	Internal           Code = 13
	Unavailable        Code = 14
	DataLoss           Code = 15
	Unauthenticated    Code = 16
)

var codeNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
	"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// String is the code's name as gRPC writes it, such as "NOT_FOUND".
func (c Code) String() string {
	if c < 0 || int(c) >= len(codeNames) {
		return "no gRPC status code"
	}
	return codeNames[c]
}

// Status is an error with a gRPC status code. A handler that returns one, also wrapped, ends its call so.
type Status struct {
	Code Code
	// For people; UTF-8, of which the host sends 8 KiB at most.
	Message string
	// A serialized google.rpc.Status, which some clients read beside the status; or nothing. With makes it.
	Details []byte
}

// Error is the code's name and the message.
func (s *Status) Error() string {
	if s.Message == "" {
		return s.Code.String()
	}
	return s.Code.String() + ": " + s.Message
}

// Error is a *Status of that code and message.
func Error(code Code, message string) error { return &Status{Code: code, Message: message} }

// StatusOf is how a call ends whose handler returns err: a *Status in it as it is; context.Canceled and
// context.DeadlineExceeded with their codes; nil with OK; any other error with UNKNOWN and its text.
func StatusOf(err error) *Status {
	var status *Status
	switch {
	case err == nil:
		return &Status{}
	case errors.As(err, &status):
		return status
	case errors.Is(err, context.Canceled):
		return &Status{Code: Canceled, Message: err.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return &Status{Code: DeadlineExceeded, Message: err.Error()}
	}
	return &Status{Code: Unknown, Message: err.Error()}
}

// end gives the status of a call, and is what wasm_grpc_call returns.
func end(call int32, err error) int32 {
	if err == nil {
		return int32(OK)
	}
	status := StatusOf(err)
	giveDetails(call, status)
	if status.Message != "" {
		abi.Finish(call, int32(status.Code), status.Message)
	}
	return int32(status.Code)
}
