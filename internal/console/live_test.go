package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

var (
	showKey  = live.StreamKey{Domain: playDomain, App: "live", Stream: "show"}
	otherKey = live.StreamKey{Domain: otherDomain, App: "live", Stream: "elsewhere"}
)

const showPage = "/console/live/" + playDomain + "/live/show"

// goLive adds a live stream.
func (f *fixture) goLive(key live.StreamKey, change ...func(*live.SessionInfo)) {
	s := live.SessionInfo{
		Session: live.Session{
			ID: live.SessionID(fmt.Sprintf("ses_%d", len(f.streams.sessions))), Key: key, IngestDomain: pushDomain, Protocol: "rtmp",
			RemoteAddr: netip.MustParseAddrPort("192.0.2.7:4711"), StartedAt: testTime.Add(-time.Hour),
		},
		Bytes: 12_345_678, VideoFrames: 90_000, AudioFrames: 160_000, VideoCodec: "h264", AudioCodec: "aac",
		Width: 1920, Height: 1080, FrameRate: 25, VideoRate: 2500, AudioRate: 128,
	}
	for _, fn := range change {
		fn(&s)
	}
	f.streams.sessions = append(f.streams.sessions, s)
}

// recorderDoes says what the recorder does about a stream.
func (f *fixture) recorderDoes(key live.StreamKey, a live.RecordActivity, id live.RecordingID) {
	if f.streams.statuses == nil {
		f.streams.statuses = make(map[live.StreamKey]live.RecordStatus)
	}
	f.streams.statuses[key] = live.RecordStatus{Activity: a, Recording: id}
}

// shows fails the test unless the page holds the texts, and none of those that
// begin with "!".
func shows(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if without, absent := strings.CutPrefix(text, "!"); absent && strings.Contains(page, without) {
			t.Errorf("the page shows %q:\n%s", without, page)
		} else if !absent && !strings.Contains(page, text) {
			t.Errorf("the page does not show %q:\n%s", text, page)
		}
	}
}

func TestLiveStreamsAreListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	shows(t, f.page("/console/live"), "Nothing is live", "rtmp://127.0.0.1/live/show?vhost=")

	f.goLive(showKey, func(s *live.SessionInfo) { s.Dropped = 77 })
	f.goLive(otherKey)
	f.goLive(live.StreamKey{Domain: foreignDomain, App: "live", Stream: "secret"})
	f.recorderDoes(showKey, live.RecordRunning, "rec_1")
	f.streams.rates = map[live.StreamKey][]live.Rate{showKey: {{BitRate: 2600, FrameRate: 25}, {BitRate: 1300, FrameRate: 12}}}
	page := f.page("/console/live")
	shows(t, page, "2 streams", `href="`+showPage+`"`, "192.0.2.7:4711", "h264 1920×1080", "aac", "1.30 Mbit/s", ">77 dropped<", ">recording<",
		"<polyline points=", "at most 2.60 Mbit/s", "elsewhere", "!secret", "!"+foreignDomain)

	for query, want := range map[string][]string{
		"?domain=" + otherDomain: {"elsewhere", "!live/show", "1 stream"},
		"?app=game":              {"No live stream matches", "!live/show"},
		"?stream=ho":             {"live/show", "!elsewhere"},
		"?app=live&page=2":       {"No live stream matches"},
	} {
		t.Run(query, func(t *testing.T) { shows(t, f.page("/console/live"+query), want...) })
	}
	if got := f.get("/console/live?domain=" + foreignDomain); got.status != http.StatusNotFound {
		t.Errorf("the domain of another account answers %d, want 404", got.status)
	}
}

func TestLiveStreamsComeInPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	for i := range livePageSize + 1 {
		f.goLive(live.StreamKey{Domain: playDomain, App: "live", Stream: fmt.Sprintf("s%02d", i)})
	}
	first := f.page("/console/live?app=live")
	shows(t, first, "51 streams", "live/s49<", "!live/s50<", `href="/console/live?app=live&amp;page=2"`)
	shows(t, f.page("/console/live?app=live&page=2"), "live/s50<", "!live/s49<", `href="/console/live?app=live&amp;page=1"`)
	if len(first) > 100_000 {
		t.Errorf("a full page has %d bytes, want less than 100 kB", len(first))
	}
}

func TestReaderSeesItsDomainOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.goLive(showKey)
	f.goLive(otherKey)
	f.recorderDoes(showKey, live.RecordRunning, "")
	f.block(showKey)
	f.signIn(readerKey)
	shows(t, f.page("/console/live"), "live/show", "!elsewhere", "!"+otherDomain)
	shows(t, f.page(showPage), "192.0.2.7", "!/record\"", "!/forbid\"", "!/resume\"")
	shows(t, f.page("/console/live/forbidden"), "live/show", "!Allow again", "!"+otherDomain)
	for path, want := range map[string]int{
		"/console/live?domain=" + otherDomain:           http.StatusNotFound,
		"/console/live/history?domain=" + otherDomain:   http.StatusNotFound,
		"/console/live/forbidden?domain=" + otherDomain: http.StatusNotFound,
		"/console/live/" + otherDomain + "/live/show":   http.StatusForbidden,
		"/console/live/" + foreignDomain + "/live/show": http.StatusNotFound,
		"/console/live/" + pushDomain + "/live/show":    http.StatusNotFound,
	} {
		if got := f.get(path); got.status != want {
			t.Errorf("GET %s answers %d, want %d", path, got.status, want)
		}
	}
	// By hand, the operations refuse.
	f.page(showPage)
	for action, fields := range map[string][]string{
		"record": {"command", "stop"}, "forbid": {"for", "once"}, "resume": {"back", showPage},
	} {
		f.post(showPage+"/"+action, fields...)
		shows(t, f.page("/console/live"), `class="notice bad"`, "Forbidden")
	}
	if got := f.blocked(showKey); !got {
		t.Error("a reader has allowed a stream")
	}
}

// block forbids a stream for an hour.
func (f *fixture) block(key live.StreamKey) {
	f.t.Helper()
	f.update(func(ctx context.Context, tx store.Tx) error {
		return tx.PutBlock(ctx, live.Block{Key: key, CreatedAt: testTime, Until: testTime.Add(time.Hour)})
	})
}

func (f *fixture) blocked(key live.StreamKey) bool {
	f.t.Helper()
	ctx := f.t.Context()
	var b live.Block
	err := f.store.View(ctx, func(r store.Reader) (err error) {
		b, err = r.Block(ctx, key)
		return err
	})
	if err != nil && !errors.Is(err, live.ErrNotFound) {
		f.t.Fatal(err)
	}
	return err == nil && b.Holds(f.now)
}

func TestPageOfAStreamShowsItsRecording(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	shows(t, f.page(showPage), "not live", "not recorded", "none: the stream is not recorded", "!Stop recording", "!Start recording")

	f.goLive(showKey)
	f.recorderDoes(showKey, live.RecordRunning, "rec_1")
	f.streams.rates = map[live.StreamKey][]live.Rate{showKey: {{BitRate: 2600, FrameRate: 25}, {BitRate: 2400, FrameRate: 24}}}
	rule := live.RecordConfig{Domain: playDomain, App: "live", Stream: live.Any, OSSBucket: "shows", Formats: []live.RecordFormat{{Format: live.FormatMP4}}}
	f.update(func(ctx context.Context, tx store.Tx) error {
		errs := []error{
			tx.AddRecordConfig(ctx, rule),
			tx.PutRecording(ctx, live.Recording{ID: "rec_1", Key: showKey, State: live.RecordingActive, Config: rule, StartedAt: testTime}),
			tx.AddSession(ctx, live.Session{ID: "ses_0", Key: showKey, IngestDomain: pushDomain, Protocol: "rtmp", StartedAt: testTime.Add(-time.Hour)}),
		}
		for i := range streamFiles + 2 {
			errs = append(errs, tx.PutRecordFile(ctx, live.RecordFile{ID: live.RecordFileID(fmt.Sprintf("file_%02d", i)), Recording: "rec_1", Key: showKey,
				Format: live.FormatMP4, State: live.FileStored, Sequence: i, StartTime: testTime, Duration: 65 * time.Second, Size: 1_500_000}))
		}
		return errors.Join(errs...)
	})
	shows(t, f.page(showPage), ">live<", ">recording<", "video 2.50 Mbit/s, audio 128 kbit/s", "<code>live/*</code> mp4", "24 frames/s", "5 minutes ago",
		"file_11", "file_02", "!file_01", "1:05", "1.50 MB", "Stop recording", "Begin new files", "End the files now", "!Start recording", "End or forbid",
		pushDomain)
}

func TestRecordingIsCommandedFromThePage(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		"start": "The recording starts", "stop": "The recording is paused", "restart": "New files begin", "cancel_delay": "The recording has ended",
		"explode": `class="notice bad"`,
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.signIn(accountKey)
			if got := f.post(showPage+"/record", "command", command); got.status != http.StatusSeeOther || got.header.Get("Location") != showPage {
				t.Fatalf("POST answers %d to %s", got.status, got.header.Get("Location"))
			}
			shows(t, f.page(showPage), want)
			if !strings.Contains(f.logged.String(), "action=RealTimeRecordCommand object="+playDomain) {
				t.Error("the log does not tell of it")
			}
		})
	}
}

func TestButtonsAreThoseThatCanHelp(t *testing.T) {
	t.Parallel()
	for activity, want := range map[live.RecordActivity]string{
		live.RecordNothing: "", live.RecordDeciding: "start stop", live.RecordStandby: "start", live.RecordStarting: "stop",
		live.RecordRunning: "stop restart cancel_delay", live.RecordWaiting: "start cancel_delay", live.RecordFailing: "stop",
	} {
		t.Run("while "+string(activity), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.signIn(accountKey)
			f.goLive(showKey)
			f.recorderDoes(showKey, activity, "")
			page := f.page(showPage)
			for _, command := range []string{"start", "stop", "restart", "cancel_delay"} {
				offered := strings.Contains(page, `value="`+command+`"`)
				if wanted := slices.Contains(strings.Fields(want), command); offered != wanted {
					t.Errorf("%s is offered: %t, want %t", command, offered, wanted)
				}
			}
		})
	}
}

func TestStreamIsForbiddenAndAllowedAgain(t *testing.T) {
	t.Parallel()
	const forbidden = "/console/live/forbidden?domain=" + playDomain
	f := newFixture(t)
	f.signIn(accountKey)
	f.page(showPage)
	f.post(showPage+"/forbid", "for", "once")
	shows(t, f.page(showPage), "The push was ended.", "!Forbidden until")
	f.post(showPage+"/forbid", "for", "until", "resume", "2026-11-23T09:30")
	shows(t, f.page(showPage), "The stream is forbidden.", "Forbidden until", `datetime="2026-11-23T09:30:00.000Z"`, "Allow again")
	shows(t, f.page(forbidden), "1 stream", showPage, "Allow again")
	got := f.post(showPage+"/resume", "back", forbidden)
	if got.header.Get("Location") != forbidden {
		t.Errorf("the visitor is sent to %s", got.header.Get("Location"))
	}
	shows(t, f.page(forbidden), "The stream is allowed again.", "No stream of "+playDomain+" is forbidden")
}

func TestRefusedFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ choice, resume, want string }{
		"no time":        {"until", "", "Say until when"},
		"no time at all": {"until", "soon", "Say until when"},
		"a time past":    {"until", "2020-01-01T00:00", "InvalidResumeTime"},
		"no choice":      {"ever", "", "Choose for how long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.signIn(accountKey)
			got := f.post(showPage+"/forbid", "for", tc.choice, "resume", tc.resume)
			to := strings.TrimSuffix(got.header.Get("Location"), "#forbid")
			page := f.page(to)
			shows(t, page, tc.want, `class="notice bad"`, `name="resume" value="`+tc.resume+`"`)
			if tc.choice == "until" {
				shows(t, page, `<option value="until" selected>`)
			}
			if f.blocked(showKey) {
				t.Error("the stream is forbidden")
			}
		})
	}
}

func TestAnyNameOfAStreamHasAPage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	for _, name := range []string{"a/b", "100%", "直播", `"><script>alert(1)</script>`, "a?b#c", "x y"} {
		key := live.StreamKey{Domain: playDomain, App: name, Stream: name}
		f.goLive(key)
		page := f.page(streamAddress(key))
		shows(t, page, ">live<", "!<script>alert")
		list := f.page("/console/live?stream=" + url.QueryEscape(name))
		shows(t, list, "1 stream", "!<script>alert")
		if got := f.post(streamAddress(key)+"/forbid", "for", "once"); got.status != http.StatusSeeOther {
			t.Errorf("%q: POST answers %d", name, got.status)
		}
	}
}

func TestPastPushesAreListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	shows(t, f.page("/console/live/history"), "No push")
	f.update(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(
			tx.AddSession(ctx, live.Session{ID: "ses_1", Key: showKey, IngestDomain: pushDomain, Protocol: "rtmp", StartedAt: testTime.Add(-2 * time.Hour)}),
			tx.EndSession(ctx, "ses_1", testTime.Add(-time.Hour)),
			tx.AddSession(ctx, live.Session{ID: "ses_2", Key: otherKey, StartedAt: testTime.Add(-time.Hour)}),
		)
	})
	shows(t, f.page("/console/live/history?domain="+playDomain), "1 push", showPage, "1:00:00", pushDomain, "!elsewhere")
	shows(t, f.page("/console/live/history?domain="+otherDomain), "elsewhere", ">live<")
	shows(t, f.page("/console/live/history?stream=nothing"), "No push")
}

func TestPagesOfStreamsAreChinese(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	f.goLive(showKey)
	f.post("/console/settings", "language", "zh-CN", "back", "/console/")
	shows(t, f.page("/console/live"), "正在直播", "推流历史", "推流端")
	shows(t, f.page(showPage), "最近五分钟", "断流或禁推")
	shows(t, f.page("/console/live/forbidden"), "没有禁推的直播流")
	shows(t, f.page("/console/live/history"), "没有推流")
	f.post(showPage+"/forbid", "for", "hour")
	shows(t, f.page(showPage), "该流已禁推", "恢复推流")
}

func TestPageOfAStreamIsKeptCurrent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	f.goLive(showKey)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+showPage, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", eventStream)
	res, err := f.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	regions := make(map[string]string)
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for regions["state"] == "" || regions["rates"] == "" {
		if !lines.Scan() {
			t.Fatalf("the stream ends early: %v", lines.Err())
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var region struct{ ID, HTML string }
		if err := json.Unmarshal([]byte(data), &region); err != nil {
			t.Fatal(err)
		}
		regions[region.ID] = region.HTML
	}
	f.console.EndStreams()
	shows(t, regions["state"], "192.0.2.7:4711")
	for id, html := range regions {
		if strings.Contains(html, "<input type=\"datetime-local\"") || strings.Contains(html, "<select") {
			t.Errorf("the region %s holds what somebody may be filling in", id)
		}
	}
}

func TestGraphEndsAtTheRightAndRoundsUp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		values []int
		want   graph
	}{
		{"no values", nil, graph{}},
		{"one", []int{3}, graph{Line: "100.0,40.0", Area: "100.0,100 100.0,40.0 100,100", Top: 5, Now: 3, Most: 3}},
		{"as many as fill it", []int{0, 10, 5}, graph{Line: "0.0,100.0 50.0,0.0 100.0,50.0", Area: "0.0,100 0.0,100.0 50.0,0.0 100.0,50.0 100,100", Top: 10, Now: 5, Most: 10}},
		{"the last of more", []int{9999, 0, 0, 0}, graph{Line: "0.0,100.0 50.0,100.0 100.0,100.0", Area: "0.0,100 0.0,100.0 50.0,100.0 100.0,100.0 100,100", Top: 1}},
	} {
		if got := newGraph(tc.values, 3); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
	for n, want := range map[int]int{0: 1, 1: 1, 2: 2, 3: 5, 11: 20, 2001: 5000, 50_000: 50_000} {
		if got := roundUp(n); got != want {
			t.Errorf("roundUp(%d) = %d, want %d", n, got, want)
		}
	}
}
