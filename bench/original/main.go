// The benchmark of wazero-grpc-server's README against wasm-grpc: linear, and parallel with a limit of 0, 2, 4, 8 and 16
// instances, by grpc-go's client on one connection. A native grpc-go server, through which the original answers, is
// measured beside it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A limit of the parallel cases; 0 is none. As in the original, it is that of the instances and, times GOMAXPROCS, the
// number of goroutines that call.
var limits = []int{0, 2, 4, 8, 16}

const number = 20

// A kind of server, and how to start it with a limit of instances.
type contender struct {
	name   string
	method string
	start  func(limit int) (*server, error)
}

func linear(call func() error) func(*testing.B) {
	return func(b *testing.B) {
		for b.Loop() {
			if err := call(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func parallel(limit int, call func() error) func(*testing.B) {
	return func(b *testing.B) {
		b.SetParallelism(limit)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
}

// measure returns the nanoseconds each call took, and an error when one was not answered as it should be.
func measure(with contender, limit int, bench func(call func() error) func(*testing.B)) (float64, error) {
	serving, err := with.start(limit)
	if err != nil {
		return 0, err
	}
	defer serving.stop()
	connection, err := grpc.NewClient(serving.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	var failure atomic.Pointer[error]
	var calls atomic.Int64
	call := func() error {
		calls.Add(1)
		// On the wire this is the original's TestRequest and TestResponse: a uint64 in field 1.
		request, response := wrapperspb.UInt64(number), new(wrapperspb.UInt64Value)
		err := connection.Invoke(context.Background(), with.method, request, response)
		if err == nil && response.Value != number {
			err = fmt.Errorf("sent %d and got %d", number, response.Value)
		}
		if err != nil {
			failure.CompareAndSwap(nil, &err)
		}
		return err
	}
	if err := call(); err != nil { // the connection and the first instance are not what is measured
		return 0, fmt.Errorf("%s: %w", with.name, err)
	}
	result := testing.Benchmark(bench(call))
	if found := failure.Load(); found != nil {
		return 0, fmt.Errorf("%s: %w", with.name, *found)
	}
	if result.N == 0 {
		return 0, fmt.Errorf("%s: nothing was measured after %d calls", with.name, calls.Load())
	}
	return float64(result.T.Nanoseconds()) / float64(result.N), nil
}

func median(samples []float64) float64 {
	sorted := slices.Sorted(slices.Values(samples))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |" }

func run(program, guest, native string, repeats int) error {
	ours := contender{"wasm-grpc", "/test.TestService/Test", func(limit int) (*server, error) {
		arguments := []string{"serve", "--listen", "127.0.0.1:0", "--log-level", "warn"}
		if limit > 0 {
			arguments = append(arguments, fmt.Sprintf("--instances=%d", limit))
		}
		return startServer(program, append(arguments, guest)...)
	}}
	grpcGo := contender{"grpc-go", "/echo.Echo/Unary", func(int) (*server, error) {
		return startServer(native, "-listen", "127.0.0.1:0")
	}}

	facts, err := machine()
	if err != nil {
		return err
	}
	fmt.Printf("%s\nMedians of %d repeats, servers in turn; client and server share the cores.\n\n", facts, repeats)
	fmt.Println(row("case", "wasm-grpc, ns/op", "grpc-go native, ns/op", "grpc-go to wasm-grpc"))
	fmt.Println("| --- | ---: | ---: | ---: |")

	type benchCase struct {
		name  string
		limit int
		bench func(func() error) func(*testing.B)
	}
	cases := []benchCase{{"linear", 0, linear}}
	for _, limit := range limits {
		cases = append(cases, benchCase{fmt.Sprintf("parallel-%d", limit), limit,
			func(call func() error) func(*testing.B) { return parallel(limit, call) }})
	}
	for _, c := range cases {
		samples := map[string][]float64{}
		for repeat := range repeats {
			for _, with := range []contender{ours, grpcGo} {
				sample, err := measure(with, c.limit, c.bench)
				if err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
				samples[with.name] = append(samples[with.name], sample)
				fmt.Fprintf(os.Stderr, "%s %d/%d: %s %.0f ns/op\n", c.name, repeat+1, repeats, with.name, sample)
			}
		}
		mine, its := median(samples[ours.name]), median(samples[grpcGo.name])
		fmt.Println(row(c.name, fmt.Sprintf("%.0f", mine), fmt.Sprintf("%.0f", its), fmt.Sprintf("%.2f", its/mine)))
	}
	return nil
}

func main() {
	testing.Init()
	program := flag.String("program", "build/release/wasm-grpc", "the server")
	guest := flag.String("guest", "build/guests/test_service.wasm", "the module it serves")
	native := flag.String("native", "build/release/bench/grpc_go_echo", "the native server of grpc-go")
	repeats := flag.Int("repeats", 5, "how often each case is measured")
	length := flag.Duration("length", time.Second, "how long each measurement takes, at least")
	flag.Parse()
	if *repeats < 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "bench-original: --repeats is at least 1, and there are no other arguments")
		os.Exit(2)
	}
	if err := flag.Set("test.benchtime", length.String()); err != nil {
		fmt.Fprintln(os.Stderr, "bench-original:", err)
		os.Exit(2)
	}
	if err := run(*program, *guest, *native, *repeats); err != nil {
		fmt.Fprintln(os.Stderr, "bench-original:", err)
		os.Exit(1)
	}
}
