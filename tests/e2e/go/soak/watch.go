package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// What is watched. Values of the server come from /proc, those of the clients are this process's.
const (
	serverMemory = iota
	serverFiles
	serverThreads
	clientMemory
	clientFiles
	clientRoutines
	watched
)

const mib = 1 << 20

// What may grow: the median of the last quarter against that of the second one, by a factor and a bit.
var watches = [watched]struct {
	name  string
	times float64
	plus  float64
	unit  float64
}{
	serverMemory:   {"resident memory of the server (MiB)", 1.25, 48 * mib, mib},
	serverFiles:    {"open files of the server", 1.25, 60, 1},
	serverThreads:  {"threads of the server", 1, 0, 1},
	clientMemory:   {"resident memory of the clients (MiB)", 1.25, 32 * mib, mib},
	clientFiles:    {"open files of the clients", 1.25, 60, 1},
	clientRoutines: {"goroutines of the clients", 1.25, 100, 1},
}

// usage are values of all that is watched, at one time.
type usage [watched]float64

func measure(pid int) (usage, error) {
	var now usage
	var err error
	if now[serverMemory], now[serverThreads], err = memoryAndThreads(fmt.Sprint(pid)); err != nil {
		return now, err
	}
	if now[serverFiles], err = openFiles(fmt.Sprint(pid)); err != nil {
		return now, err
	}
	if now[clientMemory], _, err = memoryAndThreads("self"); err != nil {
		return now, err
	}
	now[clientFiles], err = openFiles("self")
	now[clientRoutines] = float64(runtime.NumGoroutine())
	return now, err
}

func memoryAndThreads(process string) (memory, threads float64, err error) {
	text, err := os.ReadFile("/proc/" + process + "/status")
	if err != nil {
		return 0, 0, err
	}
	for line := range bytes.Lines(text) {
		words := bytes.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch string(words[0]) {
		case "VmRSS:":
			kib, _ := strconv.ParseFloat(string(words[1]), 64)
			memory = kib * 1024
		case "Threads:":
			threads, _ = strconv.ParseFloat(string(words[1]), 64)
		}
	}
	return memory, threads, nil
}

func openFiles(process string) (float64, error) {
	folder, err := os.Open("/proc/" + process + "/fd")
	if err != nil {
		return 0, err
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	return float64(len(names)), err
}

// record is what was measured in the course of a case.
type record []usage

// part is the median in one quarter of the time, 0 to 3.
func (r record) part(what, quarter int) float64 {
	values := make([]float64, 0, len(r)/4+1)
	for _, one := range r[len(r)*quarter/4 : len(r)*(quarter+1)/4] {
		values = append(values, one[what])
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func (r record) max(what int) float64 {
	most := 0.0
	for _, one := range r {
		most = max(most, one[what])
	}
	return most
}

// warmUp is how long the load itself may take to grow: memory of shorter cases is judged by what is left after them
// (settle).
const warmUp = 20 * time.Second

// check says what has grown that should not have, in a case of that length.
func (r record) check(length time.Duration, sanitized bool) (complaints []error) {
	if len(r) < 8 {
		return nil
	}
	for what, watch := range watches {
		if sanitized && what == serverMemory {
			continue // freed memory is kept for a while
		}
		if length < warmUp && (what == serverMemory || what == clientMemory) {
			continue
		}
		early, late := r.part(what, 1), r.part(what, 3)
		if late > early*watch.times+watch.plus {
			complaints = append(complaints, fmt.Errorf("%s: %.0f in the second quarter, %.0f in the last", watch.name,
				early/watch.unit, late/watch.unit))
		}
	}
	return complaints
}

// settle waits until the server and the clients are as small as before the load, or a little above.
func settle(pid int, before usage, sanitized bool) error {
	allowed := before
	allowed[serverMemory] += 150 * mib
	allowed[clientMemory] = 1 << 40 // Go gives it back when it likes
	allowed[clientRoutines] += 10
	if sanitized {
		allowed[serverMemory] = 1 << 40
	}
	for giveUp := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		now, err := measure(pid)
		if err != nil {
			return err
		}
		above := -1
		for what := range now {
			if now[what] > allowed[what] {
				above = what
			}
		}
		if above < 0 {
			return nil
		}
		if time.Now().After(giveUp) {
			return fmt.Errorf("%v after the load %s: still %.0f, %.0f before it", limit, watches[above].name,
				now[above]/watches[above].unit, before[above]/watches[above].unit)
		}
	}
}
