package connect

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"wasm-grpc-tests/e2e/served"
)

func TestLargeMessagesComeBackWhole(t *testing.T) {
	address := served.Guests(t, "described").Addresses[0]
	service := mirror(t, address)
	inEach(t, every, func(t *testing.T, tongue tongue) {
		unary := methodOf(t, address, service, "Unary", tongue)
		for _, size := range []int{16_384, 65_536, 1 << 20, 4<<20 - 100} {
			said := unary.say(t, `{"text": "`+strings.Repeat("x", size)+`"}`)
			reply, err := unary.CallUnary(within(t, limit), connect.NewRequest(said))
			if err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			if !proto.Equal(reply.Msg, said) {
				t.Fatalf("%d bytes did not come back as they were", size)
			}
		}
	})
}

func TestASlowReaderGetsAllOfALongStream(t *testing.T) {
	address := served.Guests(t, "described").Addresses[0]
	service := mirror(t, address)
	inEach(t, every, func(t *testing.T, tongue tongue) {
		stream := methodOf(t, address, service, "ServerStream", tongue)
		said := stream.say(t, `{"count": 400, "text": "`+strings.Repeat("x", 20_000)+`"}`)
		replies, err := stream.CallServerStream(within(t, limit), connect.NewRequest(said))
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for ; replies.Receive(); count++ {
			if count%100 == 0 {
				time.Sleep(50 * time.Millisecond)
			}
			if !proto.Equal(replies.Msg(), said) {
				t.Fatalf("message %d is not as it was sent", count)
			}
		}
		if err := errors.Join(replies.Err(), replies.Close()); count != 400 || err != nil {
			t.Fatalf("%d messages came, %v", count, err)
		}
	})
}

func TestCallsOfAllTonguesAreServedAtOnce(t *testing.T) {
	address := served.Guests(t, "described").Addresses[0]
	service := mirror(t, address)
	var group sync.WaitGroup
	failures := make(chan error, 10*len(tongues))
	for _, tongue := range tongues {
		unary := methodOf(t, address, service, "Unary", tongue)
		for caller := range 10 {
			group.Go(func() {
				for n := range 50 {
					said := unary.say(t, fmt.Sprintf(`{"text": "%s %d %d"}`, tongue.name, caller, n))
					reply, err := unary.CallUnary(within(t, limit), connect.NewRequest(said))
					if err != nil || !proto.Equal(reply.Msg, said) {
						failures <- fmt.Errorf("%s, %d of caller %d: %w", tongue.name, n, caller, err)
						return
					}
				}
			})
		}
	}
	group.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
}
