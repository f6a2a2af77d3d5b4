package guest

import (
	"strconv"

	"wasm-grpc/guest/internal/abi"
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
			s.Details = appendVarint(append(s.Details, 1<<3), uint64(s.Code))
			s.Details = appendBytes(s.Details, 2, []byte(s.Message))
		}
		any := appendBytes(nil, 1, []byte("type.googleapis.com/"+detail.DetailType()))
		s.Details = appendBytes(s.Details, 3, appendBytes(any, 2, value))
	}
	return s
}

func appendVarint(buffer []byte, value uint64) []byte {
	for ; value >= 0x80; value >>= 7 {
		buffer = append(buffer, byte(value)|0x80)
	}
	return append(buffer, byte(value))
}

// appendBytes writes a field of a length, also when that is 0.
func appendBytes(buffer []byte, field int, value []byte) []byte {
	buffer = appendVarint(buffer, uint64(field)<<3|2)
	return append(appendVarint(buffer, uint64(len(value))), value...)
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
