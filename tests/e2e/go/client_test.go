package e2e

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
)

// program runs wasm-grpc and returns what it prints and whether its exit code was 0.
func program(t *testing.T, arguments ...string) (stdout, stderr string, ok bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	process := exec.CommandContext(ctx, os.Getenv("WASM_GRPC_TEST_PROGRAM"), arguments...)
	var out, log bytes.Buffer
	process.Stdout, process.Stderr = &out, &log
	err := process.Run()
	return out.String(), log.String(), err == nil
}

// The client in the box calls a server of grpc-go, which it knows by grpc-go's own reflection.
func TestClientOfTheProgram(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	services := health.NewServer()
	services.SetServingStatus("some.Service", healthpb.HealthCheckResponse_NOT_SERVING)
	healthpb.RegisterHealthServer(server, services)
	reflection.Register(server)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	address := listener.Addr().String()

	stdout, stderr, ok := program(t, "list", address)
	if !ok || !strings.Contains(stdout, "grpc.health.v1.Health\n") {
		t.Fatalf("list: %q %q", stdout, stderr)
	}
	stdout, stderr, ok = program(t, "list", address, "grpc.health.v1.Health")
	if !ok || !strings.Contains(stdout, "Watch(grpc.health.v1.HealthCheckRequest) -> stream grpc.health.v1.HealthCheckResponse\n") {
		t.Fatalf("list of a service: %q %q", stdout, stderr)
	}
	stdout, stderr, ok = program(t, "call", address, "grpc.health.v1.Health/Check", "--json", `{"service": "some.Service"}`)
	if !ok || !strings.Contains(stdout, `"status": "NOT_SERVING"`) {
		t.Fatalf("a unary call: %q %q", stdout, stderr)
	}
	stdout, stderr, ok = program(t, "call", address, "grpc.health.v1.Health/Watch", "--deadline", "500")
	if ok || !strings.Contains(stdout, `"status": "SERVING"`) || !strings.HasPrefix(stderr, "status: DEADLINE_EXCEEDED") {
		t.Fatalf("a stream: %q %q", stdout, stderr)
	}
	_, stderr, ok = program(t, "call", address, "grpc.health.v1.Health/Check", "--json", `{"service": "no.Such"}`)
	if ok || !strings.HasPrefix(stderr, "status: NOT_FOUND") {
		t.Fatalf("a call that fails: %q", stderr)
	}
}
