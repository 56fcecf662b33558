package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// startDeciding starts a server that asks decide about every push, and has the
// callbacks sent to a receiver. settings are of the environment.
func startDeciding(t *testing.T, decide http.HandlerFunc, settings ...string) (*server, *receiver) {
	t.Helper()
	decider := httptest.NewServer(decide)
	t.Cleanup(decider.Close)
	r := newReceiver(t)
	data := t.TempDir()
	s := awaitReady(t, data, start(t, slices.Concat(keyEnviron, settings), tallylight, serveArgs(data)...))
	s.addDomains(t)
	s.record(t, "live", formats, time.Hour, "OnDemand", "1")
	s.must(t, "AddLiveRecordNotifyConfig", "DomainName", streamingDomain, "NotifyUrl", r.URL, "NeedStatusNotify", "true",
		"OnDemandUrl", decider.URL+"/decide?tenant=7")
	return s, r
}

// answers decides by the stream's name.
func answers(byStream map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, byStream[r.URL.Query().Get("stream")])
	}
}

func TestALateYesLosesNoFrame(t *testing.T) {
	t.Parallel()
	questions, released := make(chan url.Values, 1), make(chan struct{})
	s, r := startDeciding(t, func(w http.ResponseWriter, req *http.Request) {
		questions <- req.URL.Query()
		select {
		case <-released:
			io.WriteString(w, `{"ApiVersion":"1.0","NeedRecord":true}`)
		case <-req.Context().Done():
		}
	})
	p := dial(t, s.pushURL("show"))
	tags := bFramesAndAAC.tags(t)
	head := before(tags, 4*time.Second)
	for _, tag := range head {
		write(t, p, tag)
	}
	var question url.Values
	select {
	case question = <-questions:
	case <-time.After(patience):
		t.Fatal("nobody was asked")
	}
	for name, want := range map[string]string{"tenant": "7", "app": "live", "domain": streamingDomain, "stream": "show", "codec": "h264"} {
		if got := question.Get(name); got != want {
			t.Errorf("the question says %s=%q, want %q", name, got, want)
		}
	}
	if rate, err := strconv.Atoi(question.Get("vbitrate")); err != nil || rate <= 0 {
		t.Errorf("the question says vbitrate=%q", question.Get("vbitrate"))
	}
	for _, tag := range tags[len(head):] {
		write(t, p, tag)
	}
	close(released)
	if got := events(r.awaitAccepted(t, 1)); got[0] != "record_started" {
		t.Errorf("events %q", got)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	s.awaitPushEnd(t, "show")
	s.stop(t)
	for _, format := range formats {
		checkRecording(t, s.recording(t, "show", format), bFramesAndAAC.path(t))
	}
}

func TestTheServerThatIsAskedDecides(t *testing.T) {
	t.Parallel()
	s, r := startDeciding(t, answers(map[string]string{
		"no":       `{"NeedRecord":false}`,
		"none":     `{"NeedRecord":true,"Format":["m3u8"]}`, // which the rule does not have
		"less":     `{"NeedRecord":true,"Format":["mp4"],"Interval":{"Mp4":5}}`,
		"nonsense": `<html>`,
		"unclear":  `{"ApiVersion":"1.0"}`,
	}), "TALLYLIGHT_CALLBACKS_ON_DEMAND_DEADLINE=2s")
	streams := []string{"no", "none", "less", "nonsense", "unclear"}
	for _, stream := range streams {
		push(t, s.pushURL(stream), bFramesAndAAC.tags(t))
	}
	told := make(map[string][]string) // by stream
	for _, c := range r.awaitAccepted(t, 5) {
		for _, stream := range streams {
			if strings.Contains(c.body, `"stream":"`+stream+`"`) {
				told[stream] = append(told[stream], c.event)
			}
		}
	}
	// The first of the files is cut at the key frame at 6 seconds. It is stored beside
	// the states: either may be told of first.
	if less := told["less"]; len(less) > 0 {
		slices.Sort(less[1:])
	}
	for stream, want := range map[string][]string{
		"no": nil, "none": nil, "less": {"record_started", "file_created", "record_paused"},
		"nonsense": {"record_error"}, "unclear": {"record_error"},
	} {
		if !slices.Equal(told[stream], want) {
			t.Errorf("stream %s: events %q, want %q", stream, told[stream], want)
		}
	}
	s.stop(t)
	for _, f := range recordFiles(t, s.data) {
		if f.Stream != "less" || f.Format != "mp4" {
			t.Errorf("recorded %+v", f)
		}
	}
	if got := len(s.recordings(t, "less", "mp4")); got != 2 {
		t.Errorf("%d files of the stream with an interval of its own, want 2", got)
	}
}

func TestPushesAreRecordedWithoutAnAnswerWhereTheSettingsSaySo(t *testing.T) {
	t.Parallel()
	s, r := startDeciding(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"TALLYLIGHT_CALLBACKS_ON_DEMAND_DEADLINE=2s", "TALLYLIGHT_CALLBACKS_ON_DEMAND_FALLBACK=record")
	push(t, s.pushURL("show"), bFramesAndAAC.tags(t))
	if got, want := events(r.awaitAccepted(t, 2)), []string{"record_started", "record_paused"}; !slices.Equal(got, want) {
		t.Fatalf("events %q, want %q", got, want)
	}
	s.stop(t)
	for _, format := range formats {
		checkRecording(t, s.recording(t, "show", format), bFramesAndAAC.path(t))
	}
}
