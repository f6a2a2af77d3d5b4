package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// table has a line for each case. The times are those of cheap calls of good clients; what grew or not is the median in
// the second and in the last quarter.
func table(outcomes []outcome) string {
	var text strings.Builder
	out := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "case\tseconds\tgood rounds\tp50\tp99\tmax\tbad rounds\tserver MiB\tfiles\tclients MiB\tfiles\tgoroutines\t")
	for _, one := range outcomes {
		verdict := ""
		if len(one.failures) > 0 {
			verdict = "FAILED"
		}
		fmt.Fprintf(out, "%s\t%.0f\t%d\t%s\t%s\t%s\t%d\t", one.trial.name, one.took.Seconds(), one.good,
			short(one.latencies.quantile(.5)), short(one.latencies.quantile(.99)), short(one.latencies.max()), one.bad)
		for _, what := range []int{serverMemory, serverFiles, clientMemory, clientFiles, clientRoutines} {
			unit := watches[what].unit
			fmt.Fprintf(out, "%.0f-%.0f\t", one.record.part(what, 1)/unit, one.record.part(what, 3)/unit)
		}
		fmt.Fprintln(out, verdict)
	}
	_ = out.Flush()
	return text.String()
}

// short is a time in three digits or so.
func short(time_ time.Duration) string {
	switch {
	case time_ < time.Millisecond:
		return time_.Round(time.Microsecond).String()
	case time_ < time.Second:
		return time_.Round(100 * time.Microsecond).String()
	default:
		return time_.Round(10 * time.Millisecond).String()
	}
}
