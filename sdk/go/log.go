package guest

import "wasm-grpc/guest/internal/abi"

// Level is how much a line of the host's log matters.
type Level int32

// The levels of the host's log.
const (
	LevelTrace Level = 0
	LevelDebug Level = 1
	LevelInfo  Level = 2
	LevelWarn  Level = 3
	LevelError Level = 4
)

// Log writes one line to the host's log, with the module's name; 8 KiB of it at most. Package hostlog makes it a handler
// of log/slog. What a guest prints comes out there too: os.Stdout as info, os.Stderr as warn.
func Log(level Level, text string) { abi.Log(int32(level), text) }
