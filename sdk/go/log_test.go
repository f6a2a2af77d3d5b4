package guest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/hostlog"
)

// logs is what a handler has logged.
func logs(t *testing.T, handler func(ctx *guest.Context)) []string {
	t.Helper()
	result := call(0, func(ctx *guest.Context) error {
		handler(ctx)
		return nil
	})
	want(t, result, guest.OK, "", "")
	return result.Log
}

const ofCall = " method=/test.Waiting/Call peer=127.0.0.1:1"

type level int

type celsius float64

func (c celsius) String() string { return fmt.Sprintf("%g C", float64(c)) }

func TestALineOfACall(t *testing.T) {
	var none *guest.Status
	got := logs(t, func(ctx *guest.Context) {
		ctx.Log(guest.LevelWarn, "bare")
		ctx.Log(guest.LevelInfo, "many", "Text", "two words", "int", -1, "uint", uint8(2), "float", 0.1, "narrow", float32(0.1),
			"bool", true, "named", level(3), "stringer", celsius(20), "error", errors.New("bad"), "duration", time.Second,
			"nil", nil, "none", none, "other", []int{1})
	})
	if !slices.Equal(got, []string{"warn: bare" + ofCall, "info: many" + ofCall + ` text="two words" int=-1 uint=2 float=0.1 ` +
		`narrow=0.1 bool=true named=3 stringer="20 C" error=bad duration=1s nil=<nil> none=<nil> other=[]int`}) {
		t.Fatalf("the log has %q", got)
	}
}

func TestALineWhoseFieldsDoNotFitIsPlain(t *testing.T) {
	long := strings.Repeat("k", 65)
	var many []any
	for range 33 {
		many = append(many, "k", "v")
	}
	got := logs(t, func(ctx *guest.Context) {
		ctx.Log(guest.LevelInfo, "a", "two words", "two words")
		ctx.Log(guest.LevelInfo, "b", long, "")
		ctx.Log(guest.LevelInfo, "c", "key", 1, "alone")
		ctx.Log(guest.LevelInfo, "d", 5, "key", 6)
		ctx.Log(guest.LevelInfo, "e", many...)
		ctx.Log(guest.LevelInfo, "f", many[:64]...)
		ctx.Log(guest.LevelInfo, "g", "key", strings.Repeat("v", 8<<10))
	})
	if !slices.Equal(got[:5], []string{`info: a "two words"="two words"`, "info: b " + long + `=""`, "info: c key=1 !BADKEY=alone",
		"info: d !BADKEY=5 key=6", "info: e" + strings.Repeat(" k=v", 33)}) {
		t.Fatalf("the log has %q", got[:5])
	}
	if got[5] != "info: f"+ofCall+strings.Repeat(" k=v", 32) || !strings.HasPrefix(got[6], "info: g key=vvv") {
		t.Fatalf("the log has %q", got[5:])
	}
}

type secret struct{ text string }

func (secret) LogValue() slog.Value { return slog.StringValue("hidden") }

type point struct{ X, Y int }

func TestSlogWritesLinesOfACall(t *testing.T) {
	log := slog.New(hostlog.New(slog.LevelInfo))
	moment := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	got := logs(t, func(ctx *guest.Context) {
		derived, stop := context.WithTimeout(ctx, time.Hour)
		defer stop()
		log.DebugContext(ctx, "not this")
		log.With("Outer", 1).WithGroup("In").With("a", "b c").InfoContext(derived, "in a group", "Key", secret{"text"})
		log.WithGroup("").WarnContext(ctx, "all", slog.Group("g", "t", moment, slog.Group("", "p", point{1, 2})), slog.Group("none"),
			slog.Attr{}, "raw", []byte("raw"), "level", slog.LevelWarn, "err", errors.New("bad"))
		log.ErrorContext(ctx, "plain", "two words", 1)
		log.ErrorContext(context.Background(), "of none", "key", 1)
	})
	if !slices.Equal(got, []string{
		"info: in a group" + ofCall + ` outer=1 in.a="b c" in.key=hidden`,
		"warn: all" + ofCall + ` g.t=2026-01-02T03:04:05.006Z g.p="{X:1 Y:2}" raw=raw level=WARN err=bad`,
		`error: plain "two words"=1`,
		"error: of none key=1",
	}) {
		t.Fatalf("the log has %q", got)
	}
}

func TestHandlersMadeFromOneShareNoAttributes(t *testing.T) {
	base := slog.New(hostlog.New(slog.LevelInfo)).With("a", 1, "b", 2, "c", 3)
	got := logs(t, func(ctx *guest.Context) {
		first, second := base.With("d", 4), base.With("d", 5)
		first.InfoContext(ctx, "first")
		second.InfoContext(ctx, "second")
	})
	if !slices.Equal(got, []string{"info: first" + ofCall + " a=1 b=2 c=3 d=4", "info: second" + ofCall + " a=1 b=2 c=3 d=5"}) {
		t.Fatalf("the log has %q", got)
	}
}
