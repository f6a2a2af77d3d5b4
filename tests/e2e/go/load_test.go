package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/balancer/weightedroundrobin"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"wasm-grpc-tests/e2e/raw"
)

// Of two servers, one of which is busy, clients that weigh them by their load reports (gRFC A58) call the other.
func TestClientsWeighServersByTrailers(t *testing.T) { testWeighing(t, "--orca-trailers", false) }
func TestClientsWeighServersByStreams(t *testing.T)  { testWeighing(t, "--orca-service", true) }

func testWeighing(t *testing.T, flag string, streams bool) {
	idle := serve(t, "conformance", flag, "--workers=1")
	busy := serve(t, "conformance", flag, "--workers=1")
	ctx, cancel := context.WithCancel(within(t, 2*limit))
	defer cancel()
	spinning := dial(t, busy)
	go func() { _, _ = raw.Unary(ctx, spinning, "/test.Guest/Spin", nil) }()

	addresses := manual.NewBuilderWithScheme("servers")
	addresses.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: idle}, {Addr: busy}}})
	policy := fmt.Sprintf(`{"loadBalancingConfig": [{"weighted_round_robin": {"enableOobLoadReport": %v,
		"oobReportingPeriod": "1s", "blackoutPeriod": "0s", "weightUpdatePeriod": "0.1s"}}]}`, streams)
	client, err := raw.DialTarget("servers:///both", grpc.WithResolvers(addresses),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(policy))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()

	// Each round counts who answers; the weights come after some seconds.
	for {
		answers := map[string]int{}
		for range 100 {
			var from peer.Peer
			if _, err := raw.Unary(ctx, client, "/test.Guest/Count", nil, grpc.Peer(&from)); err != nil {
				t.Fatalf("it did not come to weights: %v", err)
			}
			answers[from.Addr.String()]++
			time.Sleep(5 * time.Millisecond)
		}
		if answers[idle] >= 4*answers[busy] && answers[busy] > 0 {
			return
		}
		t.Logf("%d calls went to the idle server, %d to the busy one", answers[idle], answers[busy])
	}
}
