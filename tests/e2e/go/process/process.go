// Package process runs wasm-grpc: started, asked for its addresses, and stopped by its own id.
package process

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// StartLimit is generous, for a slow machine.
const StartLimit = 60 * time.Second

// What no server may ever write.
var alarms = regexp.MustCompile(`AddressSanitizer|LeakSanitizer|runtime error:|panicked at|terminate called|Assertion .* failed`)

// Server is a process of wasm-grpc that serves.
type Server struct {
	Addresses []string // in the order of --listen
	command   *exec.Cmd
	log       log
	ended     chan struct{}
	exit      error
}

// Start runs `file serve arguments` and waits until it listens on as many addresses as there are --listen. With
// `stderr` its log goes there, otherwise the end of it is kept.
func Start(stderr *os.File, file string, arguments ...string) (*Server, error) {
	server := &Server{command: exec.Command(file, append([]string{"serve"}, arguments...)...), ended: make(chan struct{})}
	server.command.Stderr = &server.log
	if stderr != nil {
		server.command.Stderr = stderr
	}
	stdout, err := server.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.command.Start(); err != nil {
		return nil, err
	}
	wanted := 0
	for _, argument := range arguments {
		if argument == "--listen" || strings.HasPrefix(argument, "--listen=") {
			wanted++
		}
	}
	killer := time.AfterFunc(StartLimit, server.Kill)
	lines := bufio.NewReader(stdout)
	for len(server.Addresses) < wanted {
		line, err := lines.ReadString('\n')
		if address, found := strings.CutPrefix(strings.TrimSpace(line), "listening on "); found {
			server.Addresses = append(server.Addresses, address)
		}
		if err != nil {
			break
		}
	}
	killer.Stop()
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		server.exit = server.command.Wait()
		close(server.ended)
	}()
	if len(server.Addresses) < wanted {
		server.Kill()
		<-server.ended
		return nil, fmt.Errorf("the server does not listen: %w\n%s", errors.Join(server.exit), server.Log())
	}
	return server, nil
}

// Pid is its process id.
func (server *Server) Pid() int { return server.command.Process.Pid }

// Runs says whether it has not ended.
func (server *Server) Runs() bool {
	select {
	case <-server.ended:
		return false
	default:
		return true
	}
}

// Log is the end of what it has written.
func (server *Server) Log() string { return server.log.String() }

// Signal sends it a signal.
func (server *Server) Signal(signal syscall.Signal) { _ = server.command.Process.Signal(signal) }

// Kill ends it without giving it a chance to clean up.
func (server *Server) Kill() { _ = server.command.Process.Kill() }

// Wait waits for its end after SIGTERM, and says whether it was as it should be. One that takes longer is killed.
func (server *Server) Wait(limit time.Duration) error {
	select {
	case <-server.ended:
	case <-time.After(limit):
		server.Kill()
		<-server.ended
		return fmt.Errorf("the server had not stopped after %v\n%s", limit, server.Log())
	}
	if server.exit != nil {
		return fmt.Errorf("the server did not stop well: %w\n%s", server.exit, server.Log())
	}
	if alarm := server.log.alarm(); alarm != "" {
		return fmt.Errorf("the server wrote %q\n%s", alarm, server.Log())
	}
	return nil
}

// log keeps the end of what is written to it, and remembers alarms.
type log struct {
	mutex sync.Mutex
	end   []byte
	found string
}

const logKept = 64 << 10

func (log *log) Write(bytes []byte) (int, error) {
	log.mutex.Lock()
	defer log.mutex.Unlock()
	log.end = append(log.end, bytes...)
	if log.found == "" {
		// With some of what was before: an alarm may come in two pieces.
		from := max(0, len(log.end)-len(bytes)-200)
		log.found = string(alarms.Find(log.end[from:]))
	}
	if len(log.end) > 2*logKept {
		log.end = append([]byte(nil), log.end[len(log.end)-logKept:]...)
	}
	return len(bytes), nil
}

func (log *log) String() string {
	log.mutex.Lock()
	defer log.mutex.Unlock()
	return string(log.end)
}

func (log *log) alarm() string {
	log.mutex.Lock()
	defer log.mutex.Unlock()
	return log.found
}
