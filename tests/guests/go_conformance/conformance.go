package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"gotest/conformance/conformancepb"

	"wasm-grpc/guest"
)

//go:generate protoc -I.. --go-lite_out=conformancepb "--go-lite_opt=features=marshal+unmarshal+size,Mconformance.proto=gotest/conformance/conformancepb;conformancepb,paths=source_relative" conformance.proto

type (
	empty         = conformancepb.Empty
	numberRequest = conformancepb.NumberRequest
	numberReply   = conformancepb.NumberReply
)

// serveConformance declares test.Guest (conformance.proto): what tests/guests/conformance.cc does in C++, for the same
// end-to-end tests.
func serveConformance() {
	service := guest.NewService("test.Guest")
	guest.Unary(service, "EchoMetadata", echoMetadata)
	guest.Unary(service, "Fail", func(_ *guest.Context, request *conformancepb.FailRequest) (*empty, error) {
		return &empty{}, failure(request)
	})
	guest.ServerStream(service, "FailStream", failStream)
	guest.Unary(service, "Sleep", func(ctx *guest.Context, request *conformancepb.SleepRequest) (*empty, error) {
		return &empty{}, sleepAsAsked(ctx, request)
	})
	guest.ServerStream(service, "EarlyHeaders", earlyHeaders)
	guest.Unary(service, "Print", printText)
	guest.Unary(service, "Spin", func(*guest.Context, *empty) (*empty, error) { return nil, spinForever() })
	guest.Unary(service, "Burn", func(_ *guest.Context, request *numberRequest) (*numberReply, error) {
		return &numberReply{Number: uint64(compute(request.Number))}, nil
	})
	guest.BidiStream(service, "BurnEach", burnEach)
	guest.Unary(service, "Trap", func(*guest.Context, *empty) (*empty, error) { panic("on purpose") })
	guest.Unary(service, "Overflow", func(*guest.Context, *empty) (*empty, error) {
		return &empty{}, guest.Error(guest.Unknown, strconv.Itoa(deeper(1)))
	})
	guest.Unary(service, "Recurse", func(_ *guest.Context, request *numberRequest) (*numberReply, error) {
		return &numberReply{Number: uint64(recurse(request.Number))}, nil
	})
	guest.Unary(service, "Exit", func(*guest.Context, *empty) (*empty, error) {
		os.Exit(3)
		return nil, nil
	})
	guest.Unary(service, "Grow", grow)
	guest.Unary(service, "Count", func(*guest.Context, *empty) (*numberReply, error) {
		asked++
		return &numberReply{Number: asked}, nil
	})
	guest.Unary(service, "Deadline", deadline)
	guest.Unary(service, "Info", info)
	guest.Unary(service, "ContentSubtype", func(*guest.Context, *empty) (*empty, error) {
		return &empty{}, nil // of another format it does not come here
	})
	guest.BidiStream(service, "WaitCancel", waitCancel)
	guest.BidiStream(service, "PollCancel", pollCancel)
	guest.ServerStream(service, "Flood", flood)
	guest.ClientStream(service, "Sink", sink)
	guest.Unary(service, "Compress", func(ctx *guest.Context, request *conformancepb.CompressRequest) (
		*conformancepb.CompressReply, error) {
		return recompressed(ctx, request), nil
	})
	guest.BidiStream(service, "CompressEach", compressEach)
}

// How many times this instance was asked, and what it keeps.
var (
	asked uint64
	kept  [][]byte
)

func echoMetadata(ctx *guest.Context, _ *empty) (*conformancepb.MetadataReply, error) {
	reply := &conformancepb.MetadataReply{}
	for key, value := range ctx.AllMetadata() {
		reply.Entries = append(reply.Entries, &conformancepb.MetadataReply_Entry{Key: key, Value: []byte(value)})
		for _, add := range []func(key, value string) error{ctx.AddHeader, ctx.AddTrailer} {
			if add(key, value) != nil {
				reply.Refused++
			}
		}
	}
	return reply, nil
}

func failure(request *conformancepb.FailRequest) error {
	if request.Code == 0 {
		return nil
	}
	return &guest.Status{Code: guest.Code(request.Code), Message: request.Message, Details: request.Details}
}

func failStream(_ *guest.Context, request *conformancepb.FailRequest, out *guest.MessageWriter[empty]) error {
	for range request.Messages {
		if err := out.Send(&empty{}); err != nil {
			return err
		}
	}
	return failure(request)
}

func sleepAsAsked(ctx *guest.Context, request *conformancepb.SleepRequest) error {
	pause := time.Duration(request.Milliseconds) * time.Millisecond
	if !request.ByWait {
		time.Sleep(pause)
		return nil
	}
	return ctx.Sleep(pause)
}

func earlyHeaders(ctx *guest.Context, request *conformancepb.SleepRequest, out *guest.MessageWriter[empty]) error {
	if err := ctx.AddHeader("x-early", "yes"); err != nil {
		return err
	}
	if err := ctx.SendHeaders(); err != nil {
		return err
	}
	if err := sleepAsAsked(ctx, request); err != nil {
		return err
	}
	return out.Send(&empty{})
}

func printText(_ *guest.Context, request *conformancepb.TextRequest) (*empty, error) {
	fmt.Println("out: " + request.Text)
	fmt.Fprintln(os.Stderr, "err: "+request.Text)
	guest.Log(guest.LevelWarn, "log: "+request.Text)
	return &empty{}, nil
}

func spinForever() error {
	for turns := uint32(0); ; turns++ {
		if turns == 1<<31 {
			runtime.KeepAlive(turns)
		}
	}
}

// compute is a linear congruential generator, as many thousand steps on.
func compute(thousands uint32) uint32 {
	state := uint32(1)
	for range thousands {
		for range 1000 {
			state = state*1_664_525 + 1_013_904_223
		}
	}
	return state
}

func burnEach(_ *guest.Context, in *guest.MessageReader[numberRequest], out *guest.MessageWriter[numberReply]) error {
	for request := range in.All() {
		if err := out.Send(&numberReply{Number: uint64(compute(request.Number))}); err != nil {
			return err
		}
	}
	return in.Err()
}

// deeper never returns; its stack is in the memory of the guest.
func deeper(above int) int {
	var here [64]int
	for i := range here {
		here[i] = above
	}
	return deeper(here[above%64]) + here[0]
}

func recurse(depth uint32) uint32 {
	if depth == 0 {
		return 0
	}
	return recurse(depth-1) + 1
}

// grow refuses before the runtime ends the program, which it does where it gets no memory.
func grow(ctx *guest.Context, request *numberRequest) (*numberReply, error) {
	const mebibyte = 1 << 20
	for range request.Number {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		if most := ctx.Limits().MaxMemory; most > 0 && int64(now.Sys)+8*mebibyte > most {
			return nil, guest.Error(guest.ResourceExhausted, "there is no more memory")
		}
		more := make([]byte, mebibyte)
		for i := range more {
			more[i] = 0x5a
		}
		kept = append(kept, more)
	}
	return &numberReply{Number: uint64(len(kept))}, nil
}

func deadline(ctx *guest.Context, _ *empty) (*conformancepb.DeadlineReply, error) {
	end, set := ctx.Deadline()
	reply := &conformancepb.DeadlineReply{Set: set}
	if set {
		reply.Nanoseconds = time.Until(end).Nanoseconds()
	}
	return reply, nil
}

func info(ctx *guest.Context, _ *empty) (*conformancepb.InfoReply, error) {
	reply := &conformancepb.InfoReply{Path: ctx.Path(), Authority: ctx.Authority(), Peer: ctx.Peer(),
		TokenSubject: ctx.TokenSubject(), TokenClaims: ctx.TokenClaims()}
	if peer, ok := ctx.TLSPeer(); ok {
		reply.TlsPeer = peer.Value
	}
	for _, name := range ctx.TLSNames() {
		reply.TlsNames = append(reply.TlsNames, name.String())
	}
	return reply, nil
}

func waitCancel(ctx *guest.Context, _ *guest.MessageReader[empty], out *guest.MessageWriter[empty]) error {
	if err := out.Send(&empty{}); err != nil {
		return err
	}
	<-ctx.Done()
	guest.Log(guest.LevelInfo, "WaitCancel: cancelled")
	return ctx.Err()
}

func pollCancel(ctx *guest.Context, _ *guest.MessageReader[empty], out *guest.MessageWriter[empty]) error {
	if err := out.Send(&empty{}); err != nil {
		return err
	}
	for turns := uint32(0); turns%10_000 != 0 || ctx.Err() == nil; turns++ {
	}
	guest.Log(guest.LevelInfo, "PollCancel: cancelled")
	return ctx.Err()
}

func flood(_ *guest.Context, request *numberRequest, out *guest.MessageWriter[conformancepb.TextRequest]) error {
	message := &conformancepb.TextRequest{Text: strings.Repeat("x", int(request.Number))}
	for sent := 0; ; sent++ {
		if err := out.Send(message); err != nil {
			guest.Log(guest.LevelInfo, fmt.Sprintf("Flood: sent %d", sent))
			return err
		}
	}
}

func sink(ctx *guest.Context, in *guest.MessageReader[conformancepb.TextRequest]) (*conformancepb.SinkReply, error) {
	if text, ok := ctx.Metadata("x-pause-ms"); ok {
		pause, err := strconv.Atoi(text)
		if err != nil {
			return nil, guest.Error(guest.InvalidArgument, "x-pause-ms is not a number")
		}
		if err := ctx.Sleep(time.Duration(pause) * time.Millisecond); err != nil {
			return nil, err
		}
	}
	reply := &conformancepb.SinkReply{}
	for request := range in.All() {
		reply.Messages++
		reply.Bytes += uint64(request.SizeVT())
	}
	return reply, in.Err()
}

func recompressed(ctx *guest.Context, request *conformancepb.CompressRequest) *conformancepb.CompressReply {
	done := ctx.Compress(request.Compress) == request.Compress
	encoding := ctx.MessageEncoding()
	if encoding == "" {
		encoding = "none"
	}
	return &conformancepb.CompressReply{Text: request.Text, Encoding: encoding, Done: done}
}

func compressEach(ctx *guest.Context, in *guest.MessageReader[conformancepb.CompressRequest],
	out *guest.MessageWriter[conformancepb.CompressReply]) error {
	if _, ok := ctx.Metadata("x-announce"); ok {
		ctx.Compress(true)
		ctx.Compress(false)
	}
	for request := range in.All() {
		if err := out.Send(recompressed(ctx, request)); err != nil {
			return err
		}
	}
	return in.Err()
}
