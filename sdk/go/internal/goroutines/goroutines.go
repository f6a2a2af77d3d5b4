// Package goroutines tells whether a guest has goroutines besides its handler's: what waits then lets them run.
package goroutines

import (
	"runtime"
	"sync/atomic"
)

var (
	// The goroutines of an instance that has not begun any: this package is initialized before those that use it.
	own = runtime.NumGoroutine()
	// Watchers are those that close the Done of a call. A handler that waits for the host need not let them run.
	Watchers atomic.Int32
	// Idle are those that wait for a call that they may serve, in event style.
	Idle atomic.Int32
)

// Others tells whether there are goroutines of the guest besides the handler's.
func Others() bool { return runtime.NumGoroutine()-int(Watchers.Load())-int(Idle.Load()) > own }

// OthersRun is Others after those have ended that would.
func OthersRun() bool {
	if !Others() {
		return false
	}
	runtime.Gosched()
	return Others()
}
