// Soak serves everything at once, for as long as one likes: good clients beside every kind of bad one.
//
// A reply that is wrong, a call that ends otherwise than it should, or one that does not end fails it; so do memory, files
// or threads of the server or of these clients that grow, and a server that does not stop as it should. Each case has a
// server of its own, and its part of the time.
//
// Usage: soak -program FILE -guests FOLDER [-seconds N] [-cases REGEX]
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run() error {
	var s settings
	flag.StringVar(&s.program, "program", "build/release/wasm-grpc", "the wasm-grpc program")
	flag.StringVar(&s.guests, "guests", "build/guests", "the folder of the guests")
	flag.StringVar(&s.codeCache, "code-cache", "", "the folder of compiled guests (default: one of this run)")
	flag.BoolVar(&s.sanitized, "sanitized", false, "the program has a sanitizer: do not judge how much memory it takes")
	seconds := flag.Float64("seconds", 120, "of the whole run, divided among the cases")
	chosen := flag.String("cases", "", "only cases whose name fits this regular expression")
	without := flag.String("without", "^$", "leave abuses out whose name fits this regular expression")
	list := flag.Bool("list", false, "show the cases, and end")
	flag.Parse()
	fits, err := regexp.Compile(*chosen)
	if err != nil {
		return fmt.Errorf("-cases: %w", err)
	}
	unfit, err := regexp.Compile(*without)
	if err != nil {
		return fmt.Errorf("-without: %w", err)
	}
	if flag.NArg() > 0 || *seconds <= 0 {
		return fmt.Errorf("expected flags only, and -seconds above 0; see -help")
	}
	var wanted []trial
	weights := 0.0
	for _, one := range trials() {
		if fits.MatchString(one.name) {
			one.abuses = slices.DeleteFunc(one.abuses, func(abuse actor) bool { return unfit.MatchString(abuse.name) })
			wanted = append(wanted, one)
			weights += one.weight
		}
	}
	if *list || len(wanted) == 0 {
		for _, one := range trials() {
			fmt.Println(one.name)
		}
		if *list {
			return nil
		}
		return fmt.Errorf("no case fits %q; they are above", *chosen)
	}
	if err := s.prepare(); err != nil {
		return err
	}
	defer os.RemoveAll(s.folder)

	deadline := time.Now().Add(time.Duration(*seconds * float64(time.Second)))
	const besides = 1.5 // seconds of a case in which nobody acts: start, settle, stop
	var outcomes []outcome
	failed := 0
	for i, one := range wanted {
		left := time.Until(deadline).Seconds() - besides*float64(len(wanted)-i)
		said := time.Now()
		result := s.run(one, max(1, left*one.weight/weights), func(r *running, since time.Duration) {
			if time.Since(said) > 10*time.Second {
				said = time.Now()
				now := r.record[len(r.record)-1]
				fmt.Printf("%d/%d %s: %.0f s, good rounds %d, bad %d, p99 %s, server %.0f MiB, %.0f files, clients %.0f MiB\n", i+1,
					len(wanted), one.name, since.Seconds(), r.rounds.good.Load(), r.rounds.bad.Load(), short(r.latencies.quantile(.99)),
					now[serverMemory]/mib, now[serverFiles], now[clientMemory]/mib)
				if names := r.waitsFor(); len(names) > 0 {
					fmt.Println("  no round of these has ended yet:", strings.Join(names, ", "))
				}
			}
		})
		weights -= one.weight
		outcomes = append(outcomes, result)
		for _, failure := range result.failures {
			failed++
			fmt.Printf("FAILED %s: %v\n", one.name, failure)
		}
		if len(result.failures) > 0 {
			fmt.Printf("The end of the server's log:\n%s\n", lastLines(result.log))
		}
	}
	fmt.Print(table(outcomes))
	if failed > 0 {
		return fmt.Errorf("%d failures", failed)
	}
	return nil
}

// lastLines of a log: what the host says, and of others what was last.
func lastLines(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	last := len(lines) - 20
	var some []string
	for i, line := range lines {
		if i >= last || strings.Contains(line, " host: ") && i >= last-200 {
			some = append(some, line[:min(len(line), 160)])
		}
	}
	return strings.Join(some, "\n")
}

// prepare makes what all servers need.
func (s *settings) prepare() (err error) {
	for _, file := range append([]string{s.program}, modulesIn(s.guests)...) {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("%w: build it first, by `make build`", err)
		}
	}
	if s.folder, err = os.MkdirTemp("", "wasm-grpc-soak-"); err != nil {
		return err
	}
	if s.codeCache == "" {
		s.codeCache = filepath.Join(s.folder, "code")
	}
	many := filepath.Join(s.folder, "many")
	if err = os.Mkdir(many, 0o755); err != nil {
		return err
	}
	for i := range 2000 {
		if err = os.WriteFile(filepath.Join(many, "file "+strconv.Itoa(i)), nil, 0o644); err != nil {
			return err
		}
	}
	s.certificate, err = newCertificate(s.folder)
	return err
}

func modulesIn(folder string) (files []string) {
	for _, module := range modules {
		files = append(files, filepath.Join(folder, module+".wasm"))
	}
	return files
}
