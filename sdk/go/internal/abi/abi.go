// Package abi is ABI 1 (docs/abi.md) as Go functions: imports in a wasm module, and Host's methods elsewhere, for tests.
package abi

import "math"

// Results. Values of 0 and more are successes, often a length.
const (
	OK          int32 = 0
	End         int32 = -1
	Again       int32 = -2
	Cancelled   int32 = -3
	Absent      int32 = -4
	Closed      int32 = -5
	Invalid     int32 = -6
	Unsupported int32 = -7
	Full        int32 = -9 // of wasm_grpc_client_1
)

// Kinds of method.
const (
	Unary        int32 = 0
	ClientStream int32 = 1
	ServerStream int32 = 2
	BidiStream   int32 = 3
	HTTP         int32 = 4
)

// Styles of method.
const (
	HandlerStyle int32 = 0
	EventStyle   int32 = 1
)

// Events, of event style. Those from MadeCall on are of what the instance began.
const (
	EventOpen       int32 = 0
	EventMessage    int32 = 1
	EventHalfClose  int32 = 2
	EventWritable   int32 = 3
	EventTimer      int32 = 4
	EventCancelled  int32 = 5
	EventAlarm      int32 = 6
	EventEnding     int32 = 7
	EventMadeCall   int32 = 8 // of wasm_grpc_client_1
	EventOfTheStore int32 = 9 // of wasm_grpc_kv_1
)

// Placements: which instance the calls in event style meet.
const (
	PlaceWorker  int32 = 0
	PlaceProcess int32 = 1
	PlaceKey     int32 = 2
)

// Interests of Wait.
const (
	Readable int32 = 1
	Writable int32 = 2
)

// Where MetadataAdd adds.
const (
	Headers  int32 = 0
	Trailers int32 = 1
)

// What Info tells.
const (
	Path            int32 = 0
	Authority       int32 = 1
	Peer            int32 = 2
	TLSPeer         int32 = 3
	MessageEncoding int32 = 4
	HTTPMethod      int32 = 5
	EndReason       int32 = 6
	TLSNames        int32 = 7
	ContentSubtype  int32 = 8
	TokenSubject    int32 = 9
	TokenClaims     int32 = 10
	MaxRequest      int32 = 32
	MaxResponse     int32 = 33
	MaxMetadata     int32 = 34
	MaxMemory       int32 = 35
	MaxCPUTime      int32 = 36
	MaxEventTime    int32 = 37
)

// NoDeadline is what Deadline answers when the client set none.
const NoDeadline int64 = math.MaxInt64

// What the module's exports do; set by package guest.
var (
	Start func()
	Serve func(call, tag int32) int32
	Event func(call, event, value int32)
)

// AtStart is what Start does besides, of other packages.
var AtStart []func()
