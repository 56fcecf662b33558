package e2e

import (
	"net/http"
	"syscall"
	"testing"
	"time"
)

func TestSIGTERMDuringAPushLosesNothing(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	data := t.TempDir()
	s := startServer(t, data)
	s.configure(t, time.Hour)
	s.notify(t, r.URL, true)
	tags := bFramesAndAAC.tags(t)
	sent := pushLive(t, dial(t, s.pushURL("show")), tags, 2500*time.Millisecond)
	s.stop(t)

	count := sentBefore(t, tags, sent, time.Now()) // all
	pushed := packetsOf(t, bFramesAndAAC.path(t))
	for _, format := range formats {
		path := s.recording(t, "show", format)
		checkPlays(t, path)
		got := packetsOf(t, path)
		for stream := range pushed {
			checkStream(t, path, stream, got[stream], pushed[stream][:count[stream]])
		}
	}
	startServer(t, data) // delivers what the end cut off
	checkAnnouncedOnce(t, r, []string{"record_started", "record_paused", "file_created", "file_created"})
}

func TestSecondSIGTERMEndsAtOnce(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	released := make(chan struct{})
	defer close(released)
	r.answerWith(func(callback) int {
		<-released // an orderly end waits for the attempt
		return http.StatusOK
	})
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	s.notify(t, r.URL, true)
	pushLive(t, dial(t, s.pushURL("show")), bFramesAndAAC.tags(t), 2*time.Second)
	r.await(t, "a callback", func() bool { return len(r.received()) > 0 })

	s.signal(t, syscall.SIGTERM)
	s.awaitLog(t, "record file stored", ".mp4") // only the attempt is left
	s.signal(t, syscall.SIGTERM)
	if status := s.wait(t); status != -1 {
		t.Errorf("exit status %d, want the end by a signal", status)
	}
}
