package kv_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"wasm-grpc/guest/kv"
)

func TestAValueIsThereUntilItIsRemoved(t *testing.T) {
	for _, value := range [][]byte{{}, []byte("short"), bytes.Repeat([]byte("long"), 1000)} {
		version, err := kv.Set("key", value)
		if err != nil || version == 0 {
			t.Fatal(version, err)
		}
		got, of, ok := kv.Get("key")
		if !ok || of != version || !bytes.Equal(got, value) {
			t.Fatalf("%q of version %d, %v", got, of, ok)
		}
	}
	if err := kv.Remove("key"); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := kv.Get("key"); ok {
		t.Fatal("it is still there")
	}
	if err := kv.Remove("key"); !errors.Is(err, kv.ErrAbsent) {
		t.Fatal(err)
	}
}

func TestAValueIsChangedOnlyWhereItIsAsItWas(t *testing.T) {
	first, _ := kv.Set("counted", []byte("1"), kv.IfVersion(0))
	if _, err := kv.Set("counted", []byte("1"), kv.IfVersion(0)); !errors.Is(err, kv.ErrConflict) {
		t.Fatal(err)
	}
	second, err := kv.Set("counted", []byte("2"), kv.IfVersion(first))
	if err != nil || second == first {
		t.Fatal(second, err)
	}
	if err := kv.Remove("counted", kv.IfVersion(first)); !errors.Is(err, kv.ErrConflict) {
		t.Fatal(err)
	}
	if err := kv.Remove("counted", kv.IfVersion(second)); err != nil {
		t.Fatal(err)
	}
	if err := kv.Remove("counted", kv.IfVersion(second)); !errors.Is(err, kv.ErrConflict) {
		t.Fatal(err) // there is none, whose version is 0
	}
	if err := kv.Remove("counted", kv.IfVersion(0)); !errors.Is(err, kv.ErrAbsent) {
		t.Fatal(err)
	}
}

func TestAValueLivesAsLongAsItIsTo(t *testing.T) {
	if _, err := kv.Set("brief", nil, kv.TTL(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Millisecond)
	if _, _, ok := kv.Get("brief"); ok {
		t.Fatal("it is still there")
	}
	for _, ttl := range []time.Duration{0, -1} {
		if _, err := kv.Set("never", nil, kv.TTL(ttl)); !errors.Is(err, kv.ErrInvalid) {
			t.Fatal(err)
		}
	}
}

func TestAKeyHasAName(t *testing.T) {
	if _, err := kv.Set("", nil); !errors.Is(err, kv.ErrInvalid) {
		t.Fatal(err)
	}
}
