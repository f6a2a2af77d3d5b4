// Package loop is how goroutines wait in event style (docs/abi.md): each call of the instance is served by one, they run
// until all of them wait, and then the instance has nothing to do until the host tells of something.
package loop

import (
	"runtime"
	"sync"
	"sync/atomic"
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

// Go runs the function as a goroutine of the instance.
func Go(body func()) {
	go func() {
		defer steps.Add(1)
		body()
	}()
}

// Run lets goroutines run until all wait.
//
// Gosched comes back when all others wait; but once in 61 times while others still run, which is so that nobody starves.
// It is not so twice in a row where nobody has done anything meanwhile.
func Run() {
	for idle := 0; idle < 2; idle++ {
		before := steps.Load()
		runtime.Gosched()
		if steps.Load() != before {
			idle = -1
		}
	}
}
