// A guest in standard Go. Each export uses one part of WASI; they return 0 when all is well.
package main

import (
		"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"
)

var started time.Time

func init() {
	started = time.Now()
	fmt.Println("go: init, arguments", os.Args)
}

//go:wasmexport print
func print() int32 {
	fmt.Printf("go: %s %d\n", "text", 42)
	fmt.Fprintln(os.Stderr, "go: to stderr")
	return 0
}

//go:wasmexport tell_time
func tellTime() int32 {
	if started.Year() < 2024 || time.Since(started) < 0 {
		return 1
	}
	return 0
}

// sleepInGoroutines has two goroutines sleep side by side, and waits for both.
//
//go:wasmexport sleep_in_goroutines
func sleepInGoroutines() int32 {
	begin := time.Now()
	done := make(chan string)
	for _, name := range []string{"one", "two"} {
		go func() {
			time.Sleep(10 * time.Millisecond)
			done <- name
		}()
	}
	<-done
	<-done
	if time.Since(begin) < 10*time.Millisecond {
		return 1
	}
	return 0
}

//go:wasmexport random_numbers
func randomNumbers() int32 {
	a, b := rand.Uint64(), rand.Uint64()
	if a == b {
		return 1
	}
	return 0
}

//go:wasmexport environment
func environment() int32 {
	if os.Getenv("GREETING") != "hello" || os.Getenv("PATH") != "" {
		return 1
	}
	return 0
}

//go:wasmexport files
func files() int32 {
	if err := os.MkdirAll("/data/a/b", 0o755); err != nil {
		fmt.Println(err)
		return 1
	}
	if err := os.WriteFile("/data/a/b/file", []byte("from go"), 0o644); err != nil {
		fmt.Println(err)
		return 2
	}
	text, err := os.ReadFile("/data/a/b/file")
	if err != nil || string(text) != "from go" {
		fmt.Println(err)
		return 3
	}
	entries, err := os.ReadDir("/data/a")
	if err != nil || len(entries) != 1 || entries[0].Name() != "b" || !entries[0].IsDir() {
		fmt.Println(entries, err)
		return 4
	}
	if err := os.RemoveAll("/data/a"); err != nil {
		fmt.Println(err)
		return 5
	}
	if _, err := os.Stat("/data/a"); !errors.Is(err, fs.ErrNotExist) {
		fmt.Println(err)
		return 6
	}
	if _, err := os.ReadFile("/etc/passwd"); err == nil {
		return 7
	}
	return 0
}

//go:wasmexport overflow
func overflow() int32 {
	var values []int32
	return values[started.Year()]
}

func main() {}
