// Package loop is how goroutines wait in event style (docs/abi.md): each call of the instance is served by one, they run
// until all of them wait, and then the instance has nothing to do until the host tells of something.
package loop

import (
	"runtime"
	"sync"
	"sync/atomic"

	"wasm-grpc/guest/internal/goroutines"
)

var (
	// Shared is true where the instance serves its calls side by side, in event style.
	Shared atomic.Bool
	// Last is true while the instance is told that it is given up: no event follows.
	Last atomic.Bool
	// What goroutines have done that can be counted: begun to wait, ended.
	steps atomic.Uint64
)

// GoesOn tells whether a goroutine may wait here for an event.
func GoesOn() bool { return Shared.Load() && !Last.Load() }

// Signal is what goroutines wait for: that the host tells of one thing. Look at it after Next, and wait where it is not yet so:
//
//	for next := signal.Next(); !there(); next = signal.Next() {
//		<-next
//	}
type Signal struct {
	mutex sync.Mutex
	next  chan struct{}
}

// Next is closed when something is told.
func (s *Signal) Next() <-chan struct{} {
	steps.Add(1)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.next == nil {
		s.next = make(chan struct{})
	}
	return s.next
}

// Tell wakes all that wait.
func (s *Signal) Tell() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.next != nil {
		close(s.next)
		s.next = nil
	}
}

// thing is what the instance has begun, and events tell of by a number.
type thing struct{ event, number int32 }

var begun struct {
	sync.Mutex
	signals map[thing]*Signal
}

// Begun is the signal of what the instance has begun, of which events of that kind and number tell, until Done.
func Begun(event, number int32) *Signal {
	begun.Lock()
	defer begun.Unlock()
	if begun.signals == nil {
		begun.signals = map[thing]*Signal{}
	}
	signal := new(Signal)
	begun.signals[thing{event, number}] = signal
	return signal
}

// Done forgets it.
func Done(event, number int32) {
	begun.Lock()
	defer begun.Unlock()
	delete(begun.signals, thing{event, number})
}

// Tell wakes those that wait for it.
func Tell(event, number int32) {
	begun.Lock()
	signal := begun.signals[thing{event, number}]
	begun.Unlock()
	if signal != nil {
		signal.Tell()
	}
}

// worker is a goroutine that serves one call after the other: its stack has grown to what they need.
type worker struct{ next chan func() }

// The most workers that are kept for calls to come.
const mostIdle = 64

var idle struct {
	sync.Mutex
	workers []worker
}

// Go runs the function as a goroutine of the instance.
func Go(body func()) {
	idle.Lock()
	count := len(idle.workers)
	if count == 0 {
		idle.Unlock()
		go worker{make(chan func(), 1)}.work(body)
		return
	}
	taken := idle.workers[count-1]
	idle.workers = idle.workers[:count-1]
	goroutines.Idle.Add(-1)
	idle.Unlock()
	taken.next <- body
}

func (w worker) work(body func()) {
	for {
		body()
		steps.Add(1)
		if !w.keep() {
			return
		}
		body = <-w.next
	}
}

func (w worker) keep() bool {
	idle.Lock()
	defer idle.Unlock()
	if len(idle.workers) == mostIdle {
		return false
	}
	idle.workers = append(idle.workers, w)
	goroutines.Idle.Add(1)
	return true
}

// Run lets goroutines run until all wait.
//
// Gosched comes back when all others wait; but once in 61 times while others still run, which is so that nobody starves.
// It is not so twice in a row where nobody has done anything meanwhile.
func Run() {
	for quiet := 0; quiet < 2; quiet++ {
		before := steps.Load()
		runtime.Gosched()
		if !goroutines.Others() {
			return
		}
		if steps.Load() != before {
			quiet = -1
		}
	}
}
