// Package served gives a test a server of guests, which ends with it.
package served

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"wasm-grpc-tests/e2e/process"
)

// Limit is for one step of a test, generous for a slow machine.
const Limit = 30 * time.Second

// Guests starts a server of these guests, by their names, and flags of serve; it is stopped, and judged, after the test.
func Guests(t *testing.T, arguments ...string) *process.Server {
	t.Helper()
	command := []string{"--listen", "127.0.0.1:0", "--code-cache", os.Getenv("WASM_GRPC_TEST_CODE_CACHE")}
	for _, argument := range arguments {
		if !strings.HasPrefix(argument, "--") {
			argument = filepath.Join(os.Getenv("WASM_GRPC_TEST_GUESTS"), argument+".wasm")
		}
		command = append(command, argument)
	}
	server, err := process.Start(nil, os.Getenv("WASM_GRPC_TEST_PROGRAM"), command...)
	if err != nil {
		t.Fatal(err)
	}
	killer := time.AfterFunc(2*Limit, server.Kill)
	t.Cleanup(func() {
		server.Signal(syscall.SIGTERM)
		if err := server.Wait(2 * Limit); err != nil {
			t.Error(err)
		}
		killer.Stop()
	})
	return server
}
