package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"tallylight/internal/api/sign"
)

// refused makes a call that has to be refused with a code.
func (s *server) refused(t testing.TB, code, action string, pairs ...string) {
	t.Helper()
	if status, answer := s.call(t, sign.Key{ID: keyID, Secret: keySecret}, action, pairs...); status == http.StatusOK || answer["Code"] != code {
		t.Errorf("%s answered %d %v, want %s", action, status, answer, code)
	}
}

func TestCommandsStopAndStartTheRecordingOfALiveStream(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	s.notify(t, r.URL, true)
	command := func(c string) []string {
		return []string{"DomainName", streamingDomain, "AppName", "live", "StreamName", "show", "Command", c}
	}
	s.refused(t, "StreamNotFound", "RealTimeRecordCommand", command("start")...)

	p := dial(t, s.pushURL("show"))
	tags := bFramesAndAAC.tags(t)
	head := before(tags, 2*time.Second)
	for _, tag := range head {
		write(t, p, tag)
	}
	r.awaitAccepted(t, 1) // record_started
	s.refused(t, "TaskAlreadyStarted", "RealTimeRecordCommand", command("start")...)
	s.must(t, "RealTimeRecordCommand", command("stop")...)
	s.refused(t, "TaskNotStarted", "RealTimeRecordCommand", command("stop")...)
	s.must(t, "RealTimeRecordCommand", command("cancel_delay")...)
	// The files are there although the push goes on and DelayTime is not over.
	want := []string{"record_started", "record_paused", "file_created", "file_created"}
	if got := events(r.awaitAccepted(t, 4)); !slices.Equal(got, want) {
		t.Fatalf("events %q, want %q", got, want)
	}

	s.must(t, "RealTimeRecordCommand", command("start")...)
	for _, tag := range tags[len(head):] {
		write(t, p, tag)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	s.awaitPushEnd(t, "show")
	s.stop(t)
	for _, format := range formats {
		if got := len(s.recordings(t, "show", format)); got != 2 {
			t.Errorf("%d %s files, want one before the stop and one after the start", got, format)
		}
	}
}

func TestTheLogOfCallbacksHoldsWhatWasSent(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	refuseFirst := func(c callback) int {
		if c.header.Get("X-Live-Attempt") == "1" && c.event == "record_started" {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}
	r.answerWith(refuseFirst)
	data := t.TempDir()
	s := startServer(t, data)
	s.configure(t, time.Hour)
	s.notify(t, r.URL, true)
	started := time.Now()
	push(t, s.pushURL("show", "callback_id=42"), bFramesAndAAC.tags(t))
	r.awaitAccepted(t, 4)
	s.stop(t) // every outcome is written then
	sent := r.received()

	s = startServer(t, data)
	status, answer := s.call(t, sign.Key{ID: keyID, Secret: keySecret}, "DescribeLiveRecordNotifyRecords", "DomainName", streamingDomain,
		"StartTime", started.Add(-time.Second).UTC().Format(time.RFC3339), "EndTime", started.Add(2*patience).UTC().Format(time.RFC3339),
		"PageNumber", "1", "PageSize", "500")
	if status != http.StatusOK || int(answer["TotalNum"].(float64)) != len(sent) {
		t.Fatalf("%d %v, want the %d callbacks that were sent", status, answer, len(sent))
	}
	log := answer["CallbackList"].([]any)
	slices.Reverse(log) // the oldest first
	for i, c := range sent {
		entry := log[i].(map[string]any)
		result := "success"
		if c.status != http.StatusOK {
			result = "failed"
		}
		for member, want := range map[string]string{
			"NotifyUrl": r.URL, "NotifyType": c.event, "NotifyContent": c.body, "NotifyResult": result,
			"DomainName": streamingDomain, "AppName": "live", "StreamName": "show",
		} {
			if entry[member] != want {
				t.Errorf("entry %d: %s is %q, want %q", i, member, entry[member], want)
			}
		}
		var header map[string][]string
		if err := json.Unmarshal([]byte(entry["NotifyHeader"].(string)), &header); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Content-Type", "ALI-LIVE-TIMESTAMP", "ALI-LIVE-SIGNATURE"} {
			if got, want := header[name], []string{c.header.Get(name)}; !slices.Equal(got, want) {
				t.Errorf("entry %d: header %s is %q, was %q", i, name, got, want)
			}
		}
	}
}
