// Package errdetails has the usual details of a status: the messages of google/rpc/error_details.proto, which clients in
// all languages know.
//
//	return nil, guest.NewStatus(guest.InvalidArgument, "no such date").With(&errdetails.BadRequest{
//		FieldViolations: []errdetails.FieldViolation{{Field: "date", Description: "is in the past"}},
//	})
//
// and, of a call that was made:
//
//	var bad errdetails.BadRequest
//	if guest.StatusOf(err).Detail(&bad) { ...
//
// It needs no library for protobuf.
package errdetails

import (
	"slices"
	"time"

	"wasm-grpc/guest/internal/wire"
)

// ErrorInfo says why it failed, for programs: Reason is of capital letters, digits and '_', within Domain, such as
// "api.test".
type ErrorInfo struct {
	Reason   string
	Domain   string
	Metadata map[string]string
}

// DetailType is the message's name.
func (*ErrorInfo) DetailType() string { return "google.rpc.ErrorInfo" }

// AppendDetail encodes the message.
func (e *ErrorInfo) AppendDetail(buffer []byte) ([]byte, error) {
	buffer = wire.AppendText(wire.AppendText(buffer, 1, e.Reason), 2, e.Domain)
	keys := make([]string, 0, len(e.Metadata))
	for key := range e.Metadata {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		buffer = wire.AppendBytes(buffer, 3, wire.AppendText(wire.AppendText(nil, 1, key), 2, e.Metadata[key]))
	}
	return buffer, nil
}

// RetryInfo says when the client may try again.
type RetryInfo struct {
	RetryDelay time.Duration
}

// DetailType is the message's name.
func (*RetryInfo) DetailType() string { return "google.rpc.RetryInfo" }

// AppendDetail encodes the message.
func (r *RetryInfo) AppendDetail(buffer []byte) ([]byte, error) {
	delay := wire.AppendNumber(wire.AppendNumber(nil, 1, int64(r.RetryDelay/time.Second)), 2, int64(r.RetryDelay%time.Second))
	return wire.AppendBytes(buffer, 1, delay), nil
}

// DebugInfo says where it failed. Not for clients of strangers.
type DebugInfo struct {
	StackEntries []string
	Detail       string
}

// DetailType is the message's name.
func (*DebugInfo) DetailType() string { return "google.rpc.DebugInfo" }

// AppendDetail encodes the message.
func (d *DebugInfo) AppendDetail(buffer []byte) ([]byte, error) {
	for _, entry := range d.StackEntries {
		buffer = wire.AppendBytes(buffer, 1, []byte(entry))
	}
	return wire.AppendText(buffer, 2, d.Detail), nil
}

// QuotaFailure says which quotas were used up.
type QuotaFailure struct {
	Violations []QuotaViolation
}

// QuotaViolation is one of them.
type QuotaViolation struct {
	Subject     string
	Description string
}

// DetailType is the message's name.
func (*QuotaFailure) DetailType() string { return "google.rpc.QuotaFailure" }

// AppendDetail encodes the message.
func (q *QuotaFailure) AppendDetail(buffer []byte) ([]byte, error) {
	for _, one := range q.Violations {
		buffer = wire.AppendBytes(buffer, 1, wire.AppendText(wire.AppendText(nil, 1, one.Subject), 2, one.Description))
	}
	return buffer, nil
}

// PreconditionFailure says what was not as it must be first.
type PreconditionFailure struct {
	Violations []PreconditionViolation
}

// PreconditionViolation is one such thing.
type PreconditionViolation struct {
	Type        string
	Subject     string
	Description string
}

// DetailType is the message's name.
func (*PreconditionFailure) DetailType() string { return "google.rpc.PreconditionFailure" }

// AppendDetail encodes the message.
func (p *PreconditionFailure) AppendDetail(buffer []byte) ([]byte, error) {
	for _, one := range p.Violations {
		buffer = wire.AppendBytes(buffer, 1, wire.AppendText(wire.AppendText(wire.AppendText(nil, 1, one.Type), 2, one.Subject), 3, one.Description))
	}
	return buffer, nil
}

// BadRequest says what is wrong with the request.
type BadRequest struct {
	FieldViolations []FieldViolation
}

// FieldViolation is about one field; Field is a path, such as "order.items[2].count".
type FieldViolation struct {
	Field       string
	Description string
	Reason      string
}

// DetailType is the message's name.
func (*BadRequest) DetailType() string { return "google.rpc.BadRequest" }

// AppendDetail encodes the message.
func (b *BadRequest) AppendDetail(buffer []byte) ([]byte, error) {
	for _, one := range b.FieldViolations {
		buffer = wire.AppendBytes(buffer, 1, wire.AppendText(wire.AppendText(wire.AppendText(nil, 1, one.Field), 2, one.Description), 3, one.Reason))
	}
	return buffer, nil
}

// RequestInfo is by what the server knows the request, for reports.
type RequestInfo struct {
	RequestID   string
	ServingData string
}

// DetailType is the message's name.
func (*RequestInfo) DetailType() string { return "google.rpc.RequestInfo" }

// AppendDetail encodes the message.
func (r *RequestInfo) AppendDetail(buffer []byte) ([]byte, error) {
	return wire.AppendText(wire.AppendText(buffer, 1, r.RequestID), 2, r.ServingData), nil
}

// ResourceInfo says what was asked for.
type ResourceInfo struct {
	ResourceType string
	ResourceName string
	Owner        string
	Description  string
}

// DetailType is the message's name.
func (*ResourceInfo) DetailType() string { return "google.rpc.ResourceInfo" }

// AppendDetail encodes the message.
func (r *ResourceInfo) AppendDetail(buffer []byte) ([]byte, error) {
	return wire.AppendText(wire.AppendText(wire.AppendText(wire.AppendText(buffer, 1, r.ResourceType), 2, r.ResourceName), 3, r.Owner), 4, r.Description), nil
}

// Help says where to read more.
type Help struct {
	Links []Link
}

// Link is one such place.
type Link struct {
	Description string
	URL         string
}

// DetailType is the message's name.
func (*Help) DetailType() string { return "google.rpc.Help" }

// AppendDetail encodes the message.
func (h *Help) AppendDetail(buffer []byte) ([]byte, error) {
	for _, one := range h.Links {
		buffer = wire.AppendBytes(buffer, 1, wire.AppendText(wire.AppendText(nil, 1, one.Description), 2, one.URL))
	}
	return buffer, nil
}

// LocalizedMessage is a text for the user, in Locale, such as "en-US".
type LocalizedMessage struct {
	Locale  string
	Message string
}

// DetailType is the message's name.
func (*LocalizedMessage) DetailType() string { return "google.rpc.LocalizedMessage" }

// AppendDetail encodes the message.
func (l *LocalizedMessage) AppendDetail(buffer []byte) ([]byte, error) {
	return wire.AppendText(wire.AppendText(buffer, 1, l.Locale), 2, l.Message), nil
}
