package guest

import (
	"iter"
	"strconv"
	"strings"

	"wasm-grpc/guest/internal/abi"
	"wasm-grpc/guest/internal/wire"
)

// Detail is a message that a Status carries for programs: those of package errdetails (BadRequest, ErrorInfo, ...), and
// any of protobuf-go by wasm-grpc/guest/protobuf.Detail.
type Detail interface {
	// DetailType is the message's full name, such as "google.rpc.BadRequest".
	DetailType() string
	// AppendDetail encodes the message behind what buffer holds.
	AppendDetail(buffer []byte) ([]byte, error)
}

// NewStatus is a status of that code and message, which With gives details:
//
//	return nil, guest.NewStatus(guest.InvalidArgument, "no such date").With(&errdetails.BadRequest{...})
func NewStatus(code Code, message string) *Status { return &Status{Code: code, Message: message} }

// With adds details to s, and returns it. They count towards the 16 KiB of response metadata; where they do not fit they
// are left out, which the host's log says. A detail that cannot be encoded is left out so, too.
func (s *Status) With(details ...Detail) *Status {
	for _, detail := range details {
		value, err := detail.AppendDetail(nil)
		if err != nil {
			Log(LevelWarn, "a detail of a status was left out: "+detail.DetailType()+": "+err.Error())
			continue
		}
		if len(s.Details) == 0 { // google.rpc.Status: { int32 code = 1; string message = 2; repeated Any details = 3; }
			s.Details = wire.AppendNumber(s.Details, 1, int64(s.Code))
			s.Details = wire.AppendBytes(s.Details, 2, []byte(s.Message))
		}
		any := wire.AppendBytes(nil, 1, []byte("type.googleapis.com/"+detail.DetailType()))
		s.Details = wire.AppendBytes(s.Details, 3, wire.AppendBytes(any, 2, value))
	}
	return s
}

// DetailReader is a Detail that can be read.
type DetailReader interface {
	Detail
	// ReadDetail decodes the message; it keeps nothing of data.
	ReadDetail(data []byte) error
}

// Detail reads the first detail of the type of into, of a status that a call of another service has ended with, as it may be; false,
// and what into is then means nothing, where there is none, or it is not well-formed:
//
//	var bad errdetails.BadRequest
//	if guest.StatusOf(err).Detail(&bad) { ...
func (s *Status) Detail(into DetailReader) bool {
	for kind, value := range s.EncodedDetails() {
		if kind == into.DetailType() {
			return into.ReadDetail(value) == nil
		}
	}
	return false
}

// EncodedDetails is each detail: its full name, such as "google.rpc.BadRequest", and its bytes. They end before what is not
// well-formed.
func (s *Status) EncodedDetails() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for field, err := range wire.Fields(s.Details) {
			if err != nil {
				return
			}
			if field.Number != 3 {
				continue
			}
			var name string
			var value []byte
			for part, err := range wire.Fields(field.Bytes) { // google.protobuf.Any
				switch {
				case err != nil:
					return
				case part.Number == 1:
					name = string(part.Bytes)
				case part.Number == 2:
					value = part.Bytes
				}
			}
			if !yield(name[strings.LastIndexByte(name, '/')+1:], value) {
				return
			}
		}
	}
}

func giveDetails(call int32, status *Status) {
	if len(status.Details) == 0 {
		return
	}
	if abi.MetadataAdd(call, abi.Trailers, "grpc-status-details-bin", string(status.Details)) == abi.Invalid {
		Log(LevelWarn, "the details of a status were left out, "+strconv.Itoa(len(status.Details))+
			" bytes: there is more than 16 KiB of response metadata, or the handler added details itself")
	}
}
