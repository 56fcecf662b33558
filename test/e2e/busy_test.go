package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestCallsAreAnsweredWhileAllElseIsBusy calls while streams are recorded and more
// callbacks are owed than a receiver that hangs lets through. The server answers a
// call that it cannot finish before the official clients hang up with an error.
func TestCallsAreAnsweredWhileAllElseIsBusy(t *testing.T) {
	t.Parallel()
	const streams, calls = 24, 60
	settings := filepath.Join(t.TempDir(), "tallylight.yaml")
	if err := os.WriteFile(settings, []byte("api: {qps_factor: 0}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newReceiver(t)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	r.answerWith(func(callback) int {
		<-hang
		return http.StatusServiceUnavailable
	})
	s := startServer(t, t.TempDir(), "--config", settings)
	s.configure(t, 5*time.Second)
	s.notify(t, r.URL, true)

	tags := bFramesAndAAC.tags(t)
	var busy sync.WaitGroup
	for i := range streams {
		url := s.pushURL(fmt.Sprint("busy", i))
		p := dial(t, url)
		busy.Go(func() {
			for _, tag := range tags {
				if p.WriteTag(byte(tag.Type), uint32(tag.Timestamp.Milliseconds()), tag.Body) != nil {
					return
				}
			}
			p.Close()
		})
	}
	r.await(t, "callbacks that hang", func() bool { return len(r.received()) > 0 })
	for i := range calls {
		if i%2 == 0 {
			s.must(t, "DescribeLiveRecordNotifyConfig", "DomainName", streamingDomain)
		} else {
			s.must(t, "UpdateLiveRecordNotifyConfig", "DomainName", streamingDomain, "NotifyUrl", r.URL, "NeedStatusNotify", "true")
		}
	}
	busy.Wait()
}
