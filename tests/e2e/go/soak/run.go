package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"wasm-grpc-tests/e2e/process"
)

// settings are those of the command line, and what all cases share.
type settings struct {
	program, guests, codeCache string
	folder                     string // of this run
	sanitized                  bool
	certificate                certificate
}

// outcome is what came of a case.
type outcome struct {
	trial     trial
	took      time.Duration
	good, bad int64 // rounds
	latencies *histogram
	record    record
	failures  []error
	log       string // the end of the server's, when there are failures
}

// running is a case while it runs.
type running struct {
	outcome
	server *process.Server
	place  *place
	over   chan struct{}
	end    context.CancelFunc // of abuses
	abuse  context.Context
	first  sync.WaitGroup // until each has ended a round
	begins map[string]int // clients that have not, by their names
	actors sync.WaitGroup
	mutex  sync.Mutex
	rounds struct{ good, bad atomic.Int64 }
	failed chan struct{} // closed at the first failure
}

var modules = []string{"echo", "chat", "lock", "pubsub", "http", "actors", "conformance", "abuses", "bad_starts"}

func (s *settings) flags(t trial, folder string) []string {
	flags := []string{
		"--listen=http://127.0.0.1:0", "--listen=https://127.0.0.1:0", "--listen=unix:" + filepath.Join(folder, "socket"),
		"--tls-cert", s.certificate.file, "--tls-key", s.certificate.key, "--code-cache", s.codeCache,
		"--workers", strconv.Itoa(t.workers), "--instance-mode", t.mode, "--instances", "400",
		"--max-memory", strconv.Itoa(24 * mib), "--max-kept-memory", strconv.Itoa(8 * mib),
		"--instance-idle-timeout", "500", "--max-instance-calls", "1000",
		"--handshake-timeout", "3000", "--header-timeout", "1000", "--drain-timeout", "20000",
		"--dir", filepath.Join(s.folder, "many") + ":/many",
	}
	for _, module := range modules {
		flags = append(flags, filepath.Join(s.guests, module+".wasm"))
	}
	return flags
}

// run goes through a case, for some time.
func (s *settings) run(t trial, seconds float64, progress func(*running, time.Duration)) (result outcome) {
	r := &running{over: make(chan struct{}), failed: make(chan struct{}), begins: map[string]int{}}
	r.trial, r.latencies = t, new(histogram)
	begun := time.Now()
	r.fail(s.inPlace(r, func() {
		before, err := r.before()
		if err != nil {
			r.fail(err)
			return
		}
		r.act(time.Duration(seconds*float64(time.Second)), progress)
		if !r.server.Runs() {
			return
		}
		r.fail(settle(r.server.Pid(), before, s.sanitized))
		r.fail(r.record.check(time.Duration(seconds*float64(time.Second)), s.sanitized)...)
		r.fail(r.stop())
		if len(r.failures) > 0 {
			r.log = r.server.Log()
		}
	}))
	r.took = time.Since(begun)
	r.good, r.bad = r.rounds.good.Load(), r.rounds.bad.Load()
	return r.outcome
}

// inPlace does something while a server of the case runs, and ends it, however it is.
func (s *settings) inPlace(r *running, do func()) error {
	folder, err := os.MkdirTemp(s.folder, "case")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	var log *os.File
	if r.trial.unread {
		var unread *os.File
		if unread, log, err = os.Pipe(); err != nil {
			return err
		}
		defer unread.Close()
		defer log.Close()
	}
	if r.server, err = process.Start(log, s.program, s.flags(r.trial, folder)...); err != nil {
		return err
	}
	defer r.server.Kill()
	at := r.server.Addresses
	r.place = &place{plain: at[0], tls: at[1][len("https://"):], unix: at[2][len("unix:"):], config: s.certificate.trusted}
	do()
	return nil
}

// waitsFor are those that have not come to the end of a round yet.
func (r *running) waitsFor() (names []string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return slices.Sorted(maps.Keys(r.begins))
}

func (r *running) fail(failures ...error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, failure := range failures {
		if failure == nil {
			continue
		}
		if len(r.failures) == 0 {
			close(r.failed)
		}
		if len(r.failures) < 10 {
			r.failures = append(r.failures, failure)
		}
	}
}

// before is what the server and we take when it has answered each module once.
func (r *running) before() (usage, error) {
	c := r.client(0)
	defer c.close()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := asks(ctx, c); err != nil {
		return usage{}, err
	}
	c.close()
	c.connection = nil
	pause(ctx, 50*time.Millisecond)
	r.latencies = new(histogram)
	return measure(r.server.Pid())
}

func (r *running) client(number int) *client {
	return &client{place: r.place, number: number, random: rand.New(rand.NewPCG(rand.Uint64(), 0)), latencies: r.latencies, over: r.over}
}

// act lets all act, for as long as it is said and until each has ended a round.
func (r *running) act(time_ time.Duration, progress func(*running, time.Duration)) {
	r.abuse, r.end = context.WithCancel(context.Background())
	defer r.end()
	number := 0
	for _, kind := range []struct {
		actors []actor
		good   bool
	}{{goodClients(), true}, {r.trial.abuses, false}} {
		for _, one := range kind.actors {
			for range one.clients {
				number++
				c := r.client(number)
				r.first.Add(1)
				r.mutex.Lock()
				r.begins[one.name]++
				r.mutex.Unlock()
				r.actors.Go(func() { r.repeat(one, c, kind.good) })
			}
		}
	}
	allHaveEnded := make(chan struct{})
	go func() {
		r.first.Wait()
		close(allHaveEnded)
	}()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	begun := time.Now()
	for goOn := true; goOn && r.server.Runs(); {
		select {
		case <-r.failed:
			goOn = false
		case <-ticker.C:
			now, err := measure(r.server.Pid())
			r.fail(err)
			r.record = append(r.record, now)
			progress(r, time.Since(begun))
			if time.Since(begun) >= time_ {
				select {
				case <-allHaveEnded:
					goOn = false
				default:
				}
			}
		}
	}
	close(r.over)
	r.end()
	r.actors.Wait()
	<-allHaveEnded
	if !r.server.Runs() { // which is why all else failed
		r.failures = []error{fmt.Errorf("the server has ended: %w", r.server.Wait(0))}
	}
}

// repeat goes through rounds until the case is over.
func (r *running) repeat(one actor, c *client, good bool) {
	defer c.close()
	rounds := &r.rounds.bad
	parent := r.abuse
	if good {
		rounds, parent = &r.rounds.good, context.Background()
	}
	hasEnded := sync.OnceFunc(func() {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		if r.begins[one.name]--; r.begins[one.name] == 0 {
			delete(r.begins, one.name)
		}
		r.first.Done()
	})
	defer hasEnded()
	for !c.isOver() {
		ctx, cancel := context.WithCancelCause(parent)
		c.watchdog = time.AfterFunc(limit, func() { cancel(errNothingCame) })
		err := one.round(ctx, c)
		interrupted := parent.Err() != nil
		if err != nil && context.Cause(ctx) == errNothingCame {
			err = fmt.Errorf("%w: %w", errNothingCame, err)
		}
		c.watchdog.Stop()
		cancel(nil)
		if err != nil && !interrupted {
			r.fail(fmt.Errorf("%s: %w", one.name, err))
			return
		}
		hasEnded()
		rounds.Add(1)
	}
}

// talk is a stream, or some, by which something is said.
type talk interface {
	say(message []byte) error
	end() error
}

// stop sends SIGTERM while calls of every style and placement are open, which come to their ends all the same.
func (r *running) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c := r.client(0)
	var open []talk
	for i := range 8 { // on connections of their own: on each worker
		connection, err := c.dial(i%4 == 3)
		if err != nil {
			return err
		}
		defer connection.Close()
		for _, path := range []string{"/echo.Echo/BidiStream", "/test.Actors/Echo"} {
			stream, err := c.converse(actorKey(ctx, strconv.Itoa(i)), connection, path)
			if err != nil {
				return fmt.Errorf("after the load: %w", err)
			}
			open = append(open, stream)
		}
	}
	for i := range 4 {
		room, err := c.meet(ctx, fmt.Sprint("last room ", i))
		if err != nil {
			return fmt.Errorf("after the load: %w", err)
		}
		defer room.close()
		open = append(open, room)
	}
	for _, one := range open {
		if err := one.say(c.bytes(50)); err != nil {
			return fmt.Errorf("after the load: %w", err)
		}
	}
	r.server.Signal(syscall.SIGTERM)
	pause(ctx, 50*time.Millisecond)
	for _, one := range open {
		if err := first(one.say(c.bytes(50)), one.end()); err != nil {
			return fmt.Errorf("while the server stops: %w", err)
		}
	}
	return r.server.Wait(limit)
}
