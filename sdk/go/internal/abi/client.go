package abi

// Interests of ClientWait, in a call that the guest made.
const (
	ClientReadable int32 = 1
	ClientWritable int32 = 2
	ClientEnded    int32 = 8
)

// What ClientInfo tells.
const (
	ClientStatusMessage int32 = 0
	ClientStatusDetails int32 = 1
)

// NoTimeout is the timeout of a call that has none of its own.
const NoTimeout int64 = -1
