package kv_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"wasm-grpc/guest/kv"
)

func TestKeysAreListedPageByPage(t *testing.T) {
	for _, key := range []string{"list/1", "list/2", "list/3", "lisu"} {
		if _, err := kv.Set(key, []byte("xx")); err != nil {
			t.Fatal(err)
		}
	}
	version, _ := kv.Set("list/2", []byte("y"), kv.TTL(time.Hour))
	var keys []string
	for after := ""; ; {
		pairs, next, err := kv.List("list/", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range pairs {
			keys = append(keys, pair.Key)
			if pair.Key == "list/2" && (pair.Version != version || pair.ValueBytes != 1 || pair.Left < 59*time.Minute) {
				t.Fatal(pair)
			}
			if pair.Key == "list/1" && pair.Left >= 0 {
				t.Fatal(pair)
			}
		}
		if after = next; next == "" {
			break
		}
	}
	if !slices.Equal(keys, []string{"list/1", "list/2", "list/3"}) {
		t.Fatal(keys)
	}
	if _, _, err := kv.List("", "", 0); !errors.Is(err, kv.ErrInvalid) {
		t.Fatal(err)
	}
}

func TestSeveralAreReadHoweverLargeTheyAre(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 70_000)
	version, _ := kv.Set("many/large", large)
	kv.Set("many/empty", nil)
	pairs, err := kv.GetMany("many/large", "many/none", "many/empty")
	if err != nil || len(pairs) != 3 {
		t.Fatal(len(pairs), err)
	}
	if !bytes.Equal(pairs[0].Value, large) || pairs[0].Version != version {
		t.Fatal("the large one is another")
	}
	if pairs[1].Version != 0 || pairs[1].Value != nil || pairs[2].Version == 0 || len(pairs[2].Value) != 0 {
		t.Fatal(pairs[1:])
	}
	if _, err := kv.GetMany(); !errors.Is(err, kv.ErrInvalid) {
		t.Fatal(err)
	}
}

func TestChangesAreMadeEachOrAll(t *testing.T) {
	version, _ := kv.Set("change/a", []byte("1"))
	changes := new(kv.Changes).Set("change/a", []byte("2"), kv.IfVersion(version)).
		Set("change/b", []byte("1"), kv.IfVersion(version)).Remove("change/none")
	all, err := kv.ChangeAll(changes)
	if !errors.Is(err, kv.ErrConflict) || len(all) != 3 || all[0] != (kv.Changed{}) || !errors.Is(all[1].Err, kv.ErrConflict) {
		t.Fatal(all, err)
	}
	if value, _, _ := kv.Get("change/a"); string(value) != "1" {
		t.Fatalf("%q: one was made", value)
	}
	each, err := kv.ChangeEach(changes)
	if err != nil || each[0].Version == 0 || !errors.Is(each[1].Err, kv.ErrConflict) || !errors.Is(each[2].Err, kv.ErrAbsent) {
		t.Fatal(each, err)
	}
	if _, err := kv.ChangeAll(new(kv.Changes).Set("change/a", nil).Remove("change/a")); !errors.Is(err, kv.ErrInvalid) {
		t.Fatal(err)
	}
	if _, err := kv.ChangeAll(new(kv.Changes).Remove("change/a").Set("change/c", []byte("3"))); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := kv.Get("change/a"); ok {
		t.Fatal("it is still there")
	}
}

func TestASwapTellsWhatWasThere(t *testing.T) {
	first, old, err := kv.Swap("swap", []byte("1"), kv.IfVersion(0))
	if err != nil || first == 0 || old.Version != 0 {
		t.Fatal(first, old, err)
	}
	second, old, err := kv.Swap("swap", []byte("2"))
	if err != nil || string(old.Value) != "1" || old.Version != first {
		t.Fatal(second, old, err)
	}
	if version, old, err := kv.Swap("swap", []byte("3"), kv.IfVersion(0)); !errors.Is(err, kv.ErrConflict) || version != 0 ||
		string(old.Value) != "2" || old.Version != second {
		t.Fatal(version, old, err)
	}
}
