package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tallylight/internal/media/flv"
)

// lossBound is what docs/architecture.md says that a killed server can lose: a
// quarter of a second in the socket, half a second in the queue, and what a busy
// machine takes on top.
const lossBound = time.Second

func TestKilledServerFinishesAndAnnouncesEachFileOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		clip   clip
		moment time.Duration // of the push
		ending bool          // the server has just been asked to end
	}{
		{"early in the push", bFramesAndAAC, 1700 * time.Millisecond, false},
		{"in the middle of the push", bFramesAndAAC, 3300 * time.Millisecond, false},
		{"late in the push", bFramesAndAAC, 6100 * time.Millisecond, false},
		{"in a push of so few bytes that only time makes it read", aacAlone, 4900 * time.Millisecond, false},
		{"while it ends in order", bFramesAndAAC, 2500 * time.Millisecond, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t)
			data := t.TempDir()
			s := startServer(t, data)
			s.configure(t, time.Hour)
			s.notify(t, r.URL, true)
			tags := tt.clip.tags(t)
			sent := pushLive(t, dial(t, s.pushURL("show")), tags, tt.moment)
			if tt.ending {
				s.signal(t, syscall.SIGTERM)
				s.awaitLog(t, "publish ended")
			}
			killed := time.Now()
			s.kill()

			s = startServer(t, data)
			want := []string{"record_started", "record_paused", "file_created", "file_created"}
			checkAnnouncedOnce(t, r, want)
			s.stop(t)
			s = startServer(t, data) // which has nothing left to tell
			push(t, s.pushURL("next"), tags)
			checkAnnouncedOnce(t, r, append(want, "record_started", "record_paused"))

			safe := sentBefore(t, tags, sent, killed.Add(-lossBound))
			pushed := packetsOf(t, tt.clip.path(t))
			for _, format := range formats {
				path := s.recording(t, "show", format)
				checkPlays(t, path)
				got := packetsOf(t, path)
				for stream := range pushed {
					n := len(got[stream])
					if n < safe[stream] || n > len(pushed[stream]) {
						t.Fatalf("%s has %d packets of %s; %d were sent more than %v before the kill", path, n, stream, safe[stream], lossBound)
					}
					checkStream(t, path, stream, got[stream], pushed[stream][:n])
				}
			}
		})
	}
}

// sentBefore counts the frames of each stream that were sent before a moment.
func sentBefore(t *testing.T, tags []flv.Tag, sent []time.Time, moment time.Time) map[string]int {
	t.Helper()
	frames := make(map[string]int)
	for i := range sent {
		if isFrame(t, tags[i]) && sent[i].Before(moment) {
			frames[map[flv.TagType]string{flv.TagVideo: "v:0", flv.TagAudio: "a:0"}[tags[i].Type]]++
		}
	}
	return frames
}

// checkAnnouncedOnce waits for events of the types given and fails if others
// came, or one of them under a second id. A repeat under the same id is fine: the
// server was killed before it could note the answer.
func checkAnnouncedOnce(t *testing.T, r *receiver, want []string) {
	t.Helper()
	var told []callback
	r.await(t, fmt.Sprint("events ", want), func() bool {
		told = nil
		for _, c := range r.accepted() {
			if !slices.ContainsFunc(told, func(o callback) bool { return o.id == c.id }) {
				told = append(told, c)
			}
		}
		return len(told) >= len(want)
	})
	if got := events(told); !slices.Equal(got, want) {
		t.Fatalf("events %q, want %q", got, want)
	}
	checkIDs(t, r.received())
	for i, c := range told {
		if slices.ContainsFunc(told[:i], func(o callback) bool { return o.body == c.body }) {
			t.Errorf("told twice under different ids: %s", c.body)
		}
	}
}

func TestKillBeforeTheAcknowledgementRepeatsTheSameID(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	released := make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	defer release()
	r.answerWith(func(c callback) int {
		if c.event == "file_created" {
			<-released // the server has posted, and waits
			return http.StatusGatewayTimeout
		}
		return http.StatusOK
	})
	data := t.TempDir()
	s := startServer(t, data)
	s.configure(t, time.Hour)
	s.notify(t, r.URL, true)
	p := dial(t, s.pushURL("show"))
	pushLive(t, p, bFramesAndAAC.tags(t), 2*time.Second)
	s.kill()
	s = startServer(t, data) // finishes the files and announces them
	isFile := func(c callback) bool { return c.event == "file_created" }
	r.await(t, "a file event", func() bool { return slices.ContainsFunc(r.received(), isFile) })
	s.kill()
	r.answerWith(nil)
	release()

	startServer(t, data)
	checkAnnouncedOnce(t, r, []string{"record_started", "record_paused", "file_created", "file_created"})
	callbacks := r.received()
	hung := callbacks[slices.IndexFunc(callbacks, isFile)]
	again := slices.ContainsFunc(r.accepted(), func(c callback) bool { return c.id == hung.id && c.body == hung.body })
	if !again || strings.Count(fmt.Sprint(events(r.accepted())), "file_created") != 2 {
		t.Errorf("the file event %s was not repeated as it was", hung.id)
	}
}
