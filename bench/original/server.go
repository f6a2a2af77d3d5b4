package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
)

// A server in a process of its own, which says "listening on ADDRESS" when it is ready.
type server struct {
	process *exec.Cmd
	address string
}

const startTimeout = 30 * time.Second
const stopTimeout = 10 * time.Second

func startServer(program string, arguments ...string) (*server, error) {
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("%w; build it first: make bench-original does", err)
	}
	process := exec.Command(program, arguments...)
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	started := &server{process: process}
	found := make(chan string, 1)
	go readAddress(output, found)
	select {
	case address, ok := <-found:
		if ok {
			started.address = address
			return started, nil
		}
	case <-time.After(startTimeout):
	}
	started.stop()
	return nil, fmt.Errorf("%s %s did not say where it listens (it had %v)", program, strings.Join(arguments, " "), startTimeout)
}

// readAddress takes everything the server says, so that it never waits for a reader.
func readAddress(output io.Reader, found chan<- string) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "listening on "); ok {
			found <- strings.TrimSpace(rest)
			break
		}
	}
	close(found)
	_, _ = io.Copy(io.Discard, output)
}

func (s *server) stop() {
	ended := make(chan error, 1)
	go func() { ended <- s.process.Wait() }()
	_ = s.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(stopTimeout):
		_ = s.process.Process.Kill()
		<-ended
	}
}

// machine returns the facts without which a figure says little.
func machine() (string, error) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", err
	}
	_, model, ok := strings.Cut(string(info), "model name\t: ")
	if !ok {
		return "", errors.New("/proc/cpuinfo names no model")
	}
	model, _, _ = strings.Cut(model, "\n")
	return fmt.Sprintf("%s, %d cores, %s/%s, %s, grpc-go %s, %s.", model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH,
		runtime.Version(), grpc.Version, time.Now().Format(time.DateOnly)), nil
}
