package actor_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/actor"
	"wasm-grpc/guest/guesttest"
	"wasm-grpc/guest/kv"
)

// number is a message: its decimal digits.
type number struct{ value int }

type digits struct{}

func (digits) Append(buffer []byte, message any) ([]byte, error) {
	return strconv.AppendInt(buffer, int64(message.(*number).value), 10), nil
}

func (digits) Unmarshal(data []byte, message any) (err error) {
	if len(data) > 0 {
		message.(*number).value, err = strconv.Atoi(string(data))
	}
	return err
}

func (digits) Check(any) error { return nil }

var (
	state *actor.State[number]
	// What the method does with the state of its actor.
	add func(ctx *guest.Context, state *number) error
)

func init() {
	guest.PlaceByHeader("who")
	guest.NewService("test.Actor").Unary("Add", func(ctx *guest.Context, _ []byte) ([]byte, error) {
		after := 0
		err := state.Update(ctx, func(state *number) error {
			err := add(ctx, state)
			after = state.value
			return err
		})
		return strconv.AppendInt(nil, int64(after), 10), err
	}).Unary("Read", func(ctx *guest.Context, _ []byte) (text []byte, err error) {
		err = state.Read(ctx, func(state *number) error {
			text = strconv.AppendInt(nil, int64(state.value), 10)
			return nil
		})
		return text, err
	})
	guest.OnAlarm(func() {
		err := state.UpdateNow(func(state *number) error {
			state.value = 1000
			return nil
		})
		alarmed <- err
	})
}

var alarmed = make(chan error, 1)

// newActor is an instance that knows nothing, of the actor whose calls the function makes.
func newActor(t *testing.T) (call func(method string, code guest.Code) string, key string) {
	t.Helper()
	state = actor.NewWith[number](digits{}, "actor/", "who")
	add = func(_ *guest.Context, state *number) error { state.value++; return nil }
	call = func(method string, code guest.Code) string {
		t.Helper()
		result := guesttest.Run(guesttest.Call{Path: "/test.Actor/" + method, Requests: [][]byte{nil},
			Metadata: []guesttest.Pair{{Key: "who", Value: t.Name()}}})
		if result.Code != code {
			t.Fatalf("%v %q, not %v", result.Code, result.Message, code)
		}
		if len(result.Responses) == 0 {
			return ""
		}
		return string(result.Responses[0])
	}
	return call, "actor/" + t.Name()
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%q, not %q", got, want)
	}
}

func TestAChangeIsInTheStoreWhenItIsAnswered(t *testing.T) {
	call, key := newActor(t)
	expect(t, call("Add", guest.OK), "1")
	expect(t, call("Add", guest.OK), "2")
	stored, _, _ := kv.Get(key)
	expect(t, string(stored), "2")
	call, _ = newActor(t)
	expect(t, call("Add", guest.OK), "3")
}

func TestAChangeThatFailsChangesNothing(t *testing.T) {
	call, key := newActor(t)
	call("Add", guest.OK)
	add = func(_ *guest.Context, state *number) error {
		state.value = 7
		return guest.Error(guest.FailedPrecondition, "no")
	}
	call("Add", guest.FailedPrecondition)
	stored, _, _ := kv.Get(key)
	expect(t, string(stored), "1")
	expect(t, call("Read", guest.OK), "1")
}

func TestWhoIsBehindIsToldAndReadsAgain(t *testing.T) {
	call, key := newActor(t)
	expect(t, call("Add", guest.OK), "1")
	kv.Set(key, []byte("41")) // as another process
	call("Add", guest.Aborted)
	expect(t, call("Read", guest.OK), "41")
	expect(t, call("Add", guest.OK), "42")
}

func TestWhatIsStoredAndNoStateIsToldAndKept(t *testing.T) {
	call, key := newActor(t)
	kv.Set(key, []byte("words"))
	call("Add", guest.DataLoss)
	call("Read", guest.DataLoss)
	stored, _, _ := kv.Get(key)
	expect(t, string(stored), "words")
}

func TestACallSaysWhoseStateItIs(t *testing.T) {
	newActor(t)
	result := guesttest.Run(guesttest.Call{Path: "/test.Actor/Add", Requests: [][]byte{nil}})
	if result.Code != guest.InvalidArgument {
		t.Fatal(result)
	}
	if code := guest.StatusOf(state.UpdateNow(nil)).Code; code != guest.Aborted {
		t.Fatal(code)
	}
}

func TestChangesComeOneAfterTheOther(t *testing.T) {
	call, _ := newActor(t)
	var now, most int
	var mutex sync.Mutex
	add = func(_ *guest.Context, state *number) error {
		mutex.Lock()
		now++
		most = max(most, now)
		mutex.Unlock()
		time.Sleep(5 * time.Millisecond)
		mutex.Lock()
		now--
		mutex.Unlock()
		state.value++
		return nil
	}
	var group sync.WaitGroup
	call("Add", guest.OK)
	for range 5 {
		group.Add(1)
		go func() {
			defer group.Done()
			if err := state.UpdateNow(func(s *number) error { return add(nil, s) }); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
	if most != 1 {
		t.Fatal(most, "at once")
	}
	expect(t, call("Read", guest.OK), "6")
}

func TestAnAlarmChangesTheState(t *testing.T) {
	call, _ := newActor(t)
	call("Add", guest.OK)
	if !guest.SetAlarm(time.Second) {
		t.Fatal("there are no alarms")
	}
	if after, set := guesttest.Alarm(); !set || after != time.Second {
		t.Fatal(after, set)
	}
	guesttest.GoOff()
	if err := <-alarmed; err != nil {
		t.Fatal(err)
	}
	expect(t, call("Read", guest.OK), "1000")
	guest.SetAlarm(time.Second)
	guest.CancelAlarm()
	if _, set := guesttest.Alarm(); set {
		t.Fatal("it is still set")
	}
}

func TestAWatchTellsWhatIsChanged(t *testing.T) {
	newActor(t)
	keys := make(chan string, 10)
	add = func(ctx *guest.Context, _ *number) error {
		watcher, err := kv.WatchPrefix("watched/")
		if err != nil {
			return err
		}
		defer watcher.Close()
		kv.Set("elsewhere", nil)
		for _, key := range []string{"watched/1", "watched/1", "watched/2"} {
			kv.Set(key, nil)
		}
		changed, all, err := watcher.Next(ctx)
		for _, key := range changed {
			keys <- key
		}
		if _, _, late := watcher.Next(ctx); all || err != nil || late != context.DeadlineExceeded {
			t.Error(all, err, late)
		}
		return nil
	}
	guesttest.Run(guesttest.Call{Path: "/test.Actor/Add", Requests: [][]byte{nil}, Timeout: 50 * time.Millisecond,
		Metadata: []guesttest.Pair{{Key: "who", Value: t.Name()}}})
	close(keys)
	told := ""
	for key := range keys {
		told += key + " "
	}
	expect(t, told, "watched/1 watched/2 ")
}
