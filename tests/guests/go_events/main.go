// gotest.Events: what the SDK for Go offers where calls meet in one instance. Messages are bytes.
package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"wasm-grpc/guest"
	"wasm-grpc/guest/client"
	"wasm-grpc/guest/kv"
)

func init() {
	guest.PlaceByProcess()
	guest.NewService("gotest.Events").
		Unary("Count", count).
		Unary("Echo", func(_ *guest.Context, request []byte) ([]byte, error) { return request, nil }).
		Unary("Meet", meet).
		Unary("Sleep", sleep).
		Unary("Fail", func(*guest.Context, []byte) ([]byte, error) { return nil, guest.Error(guest.NotFound, "on purpose") }).
		Unary("Set", set).
		Unary("EveryFunction", everyFunction).
		Unary("Ask", ask).
		Unary("AskHTTP", askHTTP).
		ServerStream("Watch", watch).
		ServerStream("Repeat", repeat).
		BidiStream("Chat", chat).
		ClientStream("Join", join)
	guest.HTTP("/events", func(request *guest.HTTPRequest, response *guest.HTTPResponse) error {
		return response.Reply(200, "text/plain", []byte(request.Method()+" "+request.Target()))
	})
}

func main() {}

var calls int

// count tells how many calls of it the instance has had.
func count(*guest.Context, []byte) ([]byte, error) {
	calls++
	return strconv.AppendInt(nil, int64(calls), 10), nil
}

var waiting = make(chan string)

// meet gives its request to another call of it, or waits for that of another.
func meet(ctx *guest.Context, request []byte) ([]byte, error) {
	select {
	case waiting <- string(request):
		return []byte("gave"), nil
	case text := <-waiting:
		return []byte("got " + text), nil
	case <-ctx.Done():
		guest.Log(guest.LevelInfo, fmt.Sprint("met nobody: ", ctx.Err()))
		return nil, ctx.Err()
	}
}

// sleep is for so many milliseconds, by two goroutines at once.
func sleep(ctx *guest.Context, request []byte) ([]byte, error) {
	number, err := strconv.Atoi(string(request))
	if err != nil {
		return nil, guest.Error(guest.InvalidArgument, err.Error())
	}
	begun := time.Now()
	var both sync.WaitGroup
	var errs [2]error
	for i := range errs {
		both.Add(1)
		go func() {
			defer both.Done()
			errs[i] = ctx.Sleep(time.Duration(number) * time.Millisecond / time.Duration(i+1))
		}()
	}
	both.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		guest.Log(guest.LevelInfo, "woken by "+strings.ReplaceAll(err.Error(), "\n", ", "))
		return nil, ctx.Err()
	}
	return strconv.AppendInt(nil, time.Since(begun).Milliseconds(), 10), nil
}

func set(_ *guest.Context, request []byte) ([]byte, error) {
	key, value, _ := strings.Cut(string(request), " ")
	if _, err := kv.Set(key, []byte(value)); err != nil {
		return nil, storeFailed(err)
	}
	return nil, nil
}

func storeFailed(err error) error {
	if errors.Is(err, kv.ErrUnavailable) {
		return guest.Error(guest.Unavailable, err.Error())
	}
	return err
}

// everyFunction tells what the functions of the store answer, below keys that begin as the request says.
func everyFunction(_ *guest.Context, request []byte) ([]byte, error) {
	prefix := string(request)
	a, b := prefix+"a", prefix+"b"
	var told []string
	tell := func(what ...any) { told = append(told, strings.ReplaceAll(fmt.Sprint(what...), prefix, "")) }
	_, _, err := kv.Find(a)
	tell("find ", err)
	large := []byte(strings.Repeat("x", 70_000))
	first, err := kv.Set(a, large, kv.IfVersion(0), kv.TTL(time.Hour))
	tell("set ", first > 0, err)
	_, err = kv.Set(a, nil, kv.IfVersion(0))
	tell("set ", err)
	value, version, ok := kv.Get(a)
	tell("get ", len(value), version == first, ok)
	second, old, err := kv.Swap(a, []byte("1"))
	tell("swap ", len(old.Value), old.Version == first, err)
	_, old, err = kv.Swap(a, nil, kv.IfVersion(first))
	tell("swap ", string(old.Value), old.Version == second, err)
	each, err := kv.ChangeEach(new(kv.Changes).Set(b, []byte("2")).Set(a, nil, kv.IfVersion(first)).Remove(prefix + "c"))
	tell("each ", each[0].Version > 0, each[1].Err, each[2].Err, err)
	all, err := kv.ChangeAll(new(kv.Changes).Set(b, nil).Set(a, nil, kv.IfVersion(first)))
	tell("all ", all[0] == kv.Changed{}, all[1].Err, err)
	pairs, err := kv.GetMany(a, prefix+"c", b)
	tell("many ", string(pairs[0].Value), pairs[0].Version == second, pairs[1], string(pairs[2].Value), err)
	for listed, next, err := kv.List(prefix, "", 1); next != "" || err != nil; listed, next, err = kv.List(prefix, next, 1) {
		tell("list ", listed[0].Key, listed[0].ValueBytes, listed[0].Left < 0, err)
	}
	tell("remove ", kv.Remove(a), kv.Remove(a))
	_, err = kv.Set("", nil)
	tell("set ", err)
	_, err = kv.GetMany()
	tell("many ", err)
	return []byte(strings.Join(told, "\n")), kv.Remove(b)
}

var (
	greeter = client.NewService("greeter", "helloworld.Greeter").Codec(client.RawCodec{})
	hello   = client.Unary[[]byte, []byte](greeter, "SayHello")
	hellos  = client.ServerStream[[]byte, []byte](greeter, "SayHelloStreamReply")
)

// ask asks the greeter twice at once, of which one call is given up.
func ask(ctx *guest.Context, request []byte) ([]byte, error) {
	var both sync.WaitGroup
	var answer *[]byte
	var err error
	both.Add(2)
	go func() { defer both.Done(); answer, err = hello(ctx, &request) }()
	go func() { defer both.Done(); hellos(ctx, &request).Close() }()
	both.Wait()
	if err != nil {
		return nil, err
	}
	return *answer, nil
}

var web = client.NewHTTPTarget("web")

// askHTTP asks for the path that the request says, and sends its own body where there is more than that.
func askHTTP(ctx *guest.Context, request []byte) ([]byte, error) {
	path, body, posts := strings.Cut(string(request), " ")
	question := client.HTTPQuestion{Path: path}
	if posts {
		question.Method, question.Body = "POST", []byte(body)
	}
	answer, err := web.Ask(ctx, question, client.With("x-who", "you"))
	if err != nil {
		return nil, err
	}
	from, _ := answer.Headers.Get("x-from")
	return fmt.Appendf(nil, "%d %s %s", answer.Status, from, answer.Body), nil
}

// watch tells which keys change that begin as the request says, after it has said that it does.
func watch(ctx *guest.Context, request []byte, out *guest.Writer) error {
	watcher, err := kv.WatchPrefix(string(request))
	if err != nil {
		return err
	}
	defer watcher.Close()
	if err := out.Send([]byte("watches")); err != nil {
		return err
	}
	for {
		keys, all, err := watcher.Next(ctx)
		if err != nil {
			guest.Log(guest.LevelInfo, "watched until "+err.Error())
			return err
		}
		if err := out.Send(fmt.Appendf(nil, "%s %v", strings.Join(keys, ","), all)); err != nil {
			return err
		}
	}
}

// repeat sends "COUNT text" as often as that.
func repeat(_ *guest.Context, request []byte, out *guest.Writer) error {
	times, text, _ := strings.Cut(string(request), " ")
	number, err := strconv.Atoi(times)
	if err != nil {
		return guest.Error(guest.InvalidArgument, err.Error())
	}
	for range number {
		if err := out.Send([]byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// Those that chat: what one sends all get.
var room = map[*guest.Context]*guest.Writer{}

func chat(ctx *guest.Context, in *guest.Reader, out *guest.Writer) error {
	room[ctx] = out
	defer delete(room, ctx)
	if err := out.Send([]byte("welcome")); err != nil {
		return err
	}
	for message := range in.All() {
		for _, other := range room {
			_ = other.Send(message) // one that is gone leaves by itself
		}
	}
	guest.Log(guest.LevelInfo, fmt.Sprint("one left, ", len(room)-1, " stay"))
	return nil
}

func join(_ *guest.Context, in *guest.Reader) (joined []byte, err error) {
	for message := range in.All() {
		joined = append(joined, message...)
	}
	return joined, in.Err()
}
