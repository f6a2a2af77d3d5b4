package main

import (
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
)

// A trial is one case: a server of its own, the good clients, and these abuses beside them.
type trial struct {
	name    string
	workers int
	mode    string
	abuses  []actor
	weight  float64 // of the time there is
	unread  bool    // nobody reads the server's log
}

func abuses() []actor {
	const ms = time.Millisecond
	internal := []codes.Code{codes.Internal}
	return []actor{
		{"silent streams", 2, silentStreams(3, 8)},
		{"silent bodies", 2, withholdsBodies(8)},
		{"cancels", 2, cancels},
		{"resets", 1, resetsStreams},
		{"resets by the server", 1, makesServerReset},
		{"control frames", 1, floodsControlFrames},
		{"header floods", 1, floodsHeaders},
		{"half-open", 1, isHalfOpen},
		{"broken connections", 1, breaks},
		{"churn", 3, churns},
		{"slow readers", 2, readsSlowly},
		{"slow writers", 2, writesSlowly},
		{"bad HTTP/1.1", 1, badHTTP1},
		{"bombs", 1, bombs},
		{"spins", 2, until(10*ms, 200*ms, nil, "/test.Guest/Spin", "/test.Guest/Spin", "/test.Guest/PollCancel")},
		{"sleeps", 2, until(50*ms, 500*ms, nil, "/test.Abuses/SleepShortly", "/test.Abuses/SleepAndCompute", "/test.Abuses/Yield", "/test.Abuses/TakeRandom")},
		{"burns", 4, burns(5000)},
		{"fails", 1, fails(nil, internal, "/test.Guest/Trap", "/test.Guest/Overflow", "/test.Guest/Exit")},
		{"memory", 1, grows},
		{"timers", 1, until(50*ms, 500*ms, nil, "/test.Abuses/SetTimers", "/test.Abuses/SetTimers", "/test.Abuses/ComputeByTimers")},
		{"traps in events", 1, fails(nil, []codes.Code{codes.Internal, codes.Unavailable}, "/test.Abuses/TrapEvent", "/test.Abuses/TrapEvent")},
		{"suspended events", 1, fails(nil, []codes.Code{codes.OK, codes.Unavailable}, "/test.Abuses/SuspendEvent", "/test.Abuses/SuspendEvent")},
		{"keys", 2, manyKeys()},
		{"compression", 2, compressesMuch},
		{"deadlines", 2, deadlines},
		{"directories", 1, until(50*ms, 500*ms, nil, "/test.Abuses/ReadDirectory")},
		{"logs", 1, until(50*ms, 300*ms, nil, "/test.Abuses/FillLog")},
		{"bad starts", 2, meetsBadStarts},
		{"health and reflection", 1, watchesHealth},
		{"metadata", 1, echoesMetadata},
	}
}

// Not beside others. A trap in an event ends the other calls of its instance, as is its right.
var alone = []string{"traps in events"}

func trials() []trial {
	var all []trial
	for _, workers := range []int{1, 2} {
		for _, mode := range []string{"shared", "fresh"} {
			name := "everything, " + strconv.Itoa(workers) + " workers, " + mode
			if workers == 1 {
				name = "everything, 1 worker, " + mode
			}
			all = append(all, trial{name: name, workers: workers, mode: mode, abuses: together(), weight: 5})
		}
	}
	for i := range abuses() {
		abuse := abuses()[i]
		all = append(all, trial{name: abuse.name, workers: 2, mode: "shared", abuses: []actor{abuse}, weight: 1})
	}
	return append(all,
		trial{name: "nothing", workers: 2, mode: "shared", weight: 1},
		trial{name: "an unread log", workers: 2, mode: "shared", weight: 1, unread: true,
			abuses: []actor{{"logs", 1, until(50*time.Millisecond, 300*time.Millisecond, nil, "/test.Abuses/FillLog")}}},
		trial{name: "thousands of silent streams", workers: 2, mode: "shared", weight: 1,
			abuses: []actor{{"silent streams", 2, silentStreams(6, 1000)}, {"silent bodies", 2, withholdsBodies(200)},
				{"counts", 1, fails(nil, []codes.Code{codes.OK}, "/test.Guest/Count")}}})
}

// together are the abuses that may be there all at once.
func together() []actor {
	return slices.DeleteFunc(abuses(), func(abuse actor) bool { return slices.Contains(alone, abuse.name) })
}
