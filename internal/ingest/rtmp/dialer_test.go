package rtmp

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

func TestDialNeedsAPushURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "http://host/live/show", "rtmp://host", "rtmp://host/live", "rtmp:///live/show", "rtmp://host/live/", "rtmp://ho st/live/show"} {
		if p, err := Dial(t.Context(), url); err == nil {
			p.Close()
			t.Errorf("Dial(%q) did not fail", url)
		}
	}
}

func TestPushURLParts(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]address{
		"rtmp://host/live/show":               {"host:1935", "rtmp://host/live", "live", "show"},
		"rtmp://host:1936/live/show?vhost=a":  {"host:1936", "rtmp://host:1936/live", "live", "show?vhost=a"},
		"rtmp://[::1]:1936/live/show?a=%7B&b": {"[::1]:1936", "rtmp://[::1]:1936/live", "live", "show?a=%7B&b"},
		"rtmp://host/live/a/b":                {"host:1935", "rtmp://host/live", "live", "a/b"},
	} {
		if got, err := parseAddress(url); err != nil || got != want {
			t.Errorf("parseAddress(%q) = %+v, %v; want %+v", url, got, err, want)
		}
	}
}

func TestDialRefusesImpossibleChunkSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{-1, maxChunkSize + 1} {
		if p, err := (&Dialer{ChunkSize: size}).Dial(t.Context(), "rtmp://127.0.0.1:1/live/show"); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			p.Close()
			t.Errorf("chunk size %d: %v", size, err)
		}
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	url := "rtmp://" + silent.Addr().String() + "/live/show"

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := Dial(ctx, url); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial with a cancelled context: %v", err)
	}
	if _, err := (&Dialer{Timeout: 20 * time.Millisecond}).Dial(t.Context(), url); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Dial with a timeout: %v", err)
	}
}

func TestCloseFailsIfTheServerDoesNotEnd(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe()
	defer server.Close()
	p := &Publisher{conn: client, chunkSize: outChunkSize, timeout: 20 * time.Millisecond, stream: "show"}
	if err := p.Close(); err == nil {
		t.Error("Close did not fail")
	}
}
