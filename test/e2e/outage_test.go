package e2e

import (
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// attemptOf returns the number of the attempt that brought the callback.
func attemptOf(c callback) int {
	n, _ := strconv.Atoi(c.header.Get("X-Live-Attempt"))
	return n
}

func TestOutageOfTheReceiverLosesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		down func(c callback) bool // beside it the receiver works
	}{
		{"it answers 503 to the first three attempts of the first event", func(c callback) bool {
			return c.event == "record_started" && attemptOf(c) <= 3
		}},
		{"it answers 503 to the first attempt of everything", func(c callback) bool { return attemptOf(c) == 1 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t)
			r.answerWith(func(c callback) int {
				if tt.down(c) {
					return http.StatusServiceUnavailable
				}
				return http.StatusOK
			})
			s := startServer(t, t.TempDir())
			pushThroughOutage(t, s, r)
			checkOutage(t, r)
		})
	}
	t.Run("it refuses connections", func(t *testing.T) {
		t.Parallel()
		port := reservePort(t)
		r := &receiver{URL: "http://" + port.addr + "/hook"}
		s := startServer(t, t.TempDir())
		pushThroughOutage(t, s, r)
		s.awaitLog(t, "callback attempt failed", "attempt=3")
		r.listen(t, port.listen(t))
		checkOutage(t, r)
	})
}

// pushThroughOutage makes four states and two files of each of two streams.
func pushThroughOutage(t *testing.T, s *server, r *receiver) {
	t.Helper()
	s.configure(t, time.Hour)
	s.notify(t, r.URL, true)
	tags := bFramesAndAAC.tags(t)
	for range 2 {
		for _, stream := range []string{"one", "two"} {
			push(t, s.pushURL(stream), before(tags, 2*time.Second))
		}
	}
}

// checkOutage waits for all events and compares their order with that in which
// they happened.
func checkOutage(t *testing.T, r *receiver) {
	t.Helper()
	r.awaitAccepted(t, 12)
	for _, stream := range []string{"one", "two"} {
		var told []callback
		for _, c := range r.accepted() {
			if strings.Contains(c.body, `"stream":"`+stream+`"`) {
				told = append(told, c)
			}
		}
		want := []string{"record_started", "record_paused", "record_resumed", "record_paused", "file_created", "file_created"}
		if got := events(told); !slices.Equal(got, want) {
			t.Errorf("stream %s: events %q, want %q", stream, got, want)
		}
		for i, c := range told {
			if got := c.header.Get("X-Live-Event-Seq"); got != strconv.Itoa(i+1) {
				t.Errorf("stream %s: event %d has the sequence number %s", stream, i+1, got)
			}
		}
	}
	checkIDs(t, r.received())
}

// checkIDs fails if two attempts of one event have different ids, or attempts of
// different events the same. Events of a stream differ in their numbers.
func checkIDs(t *testing.T, callbacks []callback) {
	t.Helper()
	byEvent, byID := make(map[string]string), make(map[string]string)
	for _, c := range callbacks {
		event := c.header.Get("X-Live-Event-Seq") + " " + c.body
		if id, ok := byEvent[event]; ok && id != c.id {
			t.Errorf("event %s has the ids %s and %s", event, id, c.id)
		}
		if other, ok := byID[c.id]; ok && other != event {
			t.Errorf("id %s stands for %s and for %s", c.id, other, event)
		}
		byEvent[event], byID[c.id] = c.id, event
	}
}

// A reservedPort is taken and refuses connections until listen.
type reservedPort struct {
	addr string
	fd   int
}

func reservePort(t *testing.T) *reservedPort {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return &reservedPort{net.JoinHostPort("127.0.0.1", strconv.Itoa(bound.(*syscall.SockaddrInet4).Port)), fd}
}

func (p *reservedPort) listen(t *testing.T) net.Listener {
	t.Helper()
	f := os.NewFile(uintptr(p.fd), "reserved port")
	defer f.Close()
	if err := syscall.Listen(p.fd, 16); err != nil {
		t.Fatal(err)
	}
	ln, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}
