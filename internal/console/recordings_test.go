package console

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/playback"
	"tallylight/internal/store"
)

// fakeRecordings plays the id of a file, and signs with it.
type fakeRecordings struct{}

func (fakeRecordings) ServeFile(w http.ResponseWriter, _ *http.Request, id live.RecordFileID) {
	io.WriteString(w, "video of "+string(id))
}

func (fakeRecordings) Sign(_ context.Context, id live.RecordFileID, expires time.Time) (string, error) {
	if expires.Sub(testTime) > playback.MaxLinkLifetime {
		return "", playback.ErrLinkLifetime
	}
	return "/recordings/" + string(id) + ".mp4?signature=s", nil
}

// record adds a record file that began some minutes before the fixture's time and
// lasts one minute.
func (f *fixture) record(domain, stream string, minutes int, state live.RecordFileState) live.RecordFileID {
	f.t.Helper()
	start := testTime.Add(-time.Duration(minutes) * time.Minute)
	file := live.RecordFile{ID: live.NewRecordFileID(start), Recording: "rec_1", Key: live.StreamKey{Domain: domain, App: "live", Stream: stream},
		Format: live.FormatFLV, State: state, Bucket: "shows", ObjectKey: "record/" + stream + ".flv", StartTime: start,
		StopTime: start.Add(time.Minute), Duration: time.Minute, Size: 12_345_678, Tracks: []live.Track{{Codec: "h264"}, {Codec: "aac"}}}
	f.update(func(ctx context.Context, tx store.Tx) error { return tx.PutRecordFile(ctx, file) })
	return file.ID
}

func TestRecordFilesAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	list := recordingsPath + "?domain=" + playDomain
	if body := f.page(list); !strings.Contains(body, "No recordings") {
		t.Error("an empty list does not say so")
	}
	old, young := f.record(playDomain, "old", 90, live.FileStored), f.record(playDomain, "young", 5, live.FileOpen)
	f.record(playDomain, "nothing", 4, live.FileDiscarded)
	f.record(otherDomain, "elsewhere", 3, live.FileStored)
	body := f.page(list)
	if i, j := strings.Index(body, string(young)), strings.Index(body, string(old)); i < 0 || j < i {
		t.Error("the newest file is not the first")
	}
	for _, absent := range []string{"live/nothing", "live/elsewhere"} {
		if strings.Contains(body, absent) {
			t.Errorf("the list has %s", absent)
		}
	}
	if !strings.Contains(body, "12.3 MB") || !strings.Contains(body, "1:00") {
		t.Error("the list lacks size or duration")
	}
	if body := f.page(list + "&to=2026-11-23T07:00"); strings.Contains(body, "live/young") || !strings.Contains(body, "live/old") {
		t.Error("the filter does not select by time")
	}
	if body := f.page(list + "&status=open"); strings.Contains(body, "live/old") {
		t.Error("the filter does not select by state")
	}
	for range recordFilePageSize {
		f.record(playDomain, "more", 60, live.FileStored)
	}
	_, older, ok := strings.Cut(f.page(list), `rel="next" href="`)
	older, _, _ = strings.Cut(older, `"`)
	if body := f.page(strings.ReplaceAll(older, "&amp;", "&")); !ok || !strings.Contains(body, "live/old") {
		t.Error("the second page lacks the oldest file")
	}
}

func TestRecordFilePlaysAndTellsWhoWasTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.record(playDomain, "show<b>", 5, live.FileStored)
	f.signIn(accountKey)
	body := f.page(recordingsPath + "/" + string(id))
	for _, want := range []string{`<video id="video" controls preload="metadata"`, "show&lt;b&gt;", "h264, aac", "record/show&lt;b&gt;.flv", "Nobody had to be told"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if got := f.page(recordingsPath + "/" + string(id) + "/video.mp4"); got != "video of "+string(id) {
		t.Errorf("the video is %q", got)
	}
	growing := f.record(playDomain, "now", 1, live.FileOpen)
	if body := f.page(recordingsPath + "/" + string(growing)); strings.Contains(body, "<video") || !strings.Contains(body, "is being recorded") {
		t.Error("a file that is being recorded is offered to be played")
	}
	if got := f.get(recordingsPath + "/rf_none"); got.status != http.StatusNotFound {
		t.Errorf("an unknown file answers %d", got.status)
	}
}

func TestRecordFilesOfOthersCannotBeSeen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	foreign, other := f.record(foreignDomain, "foreign", 5, live.FileStored), f.record(otherDomain, "other", 5, live.FileStored)
	for key, tc := range map[string]struct {
		id   live.RecordFileID
		want int
	}{accountKey: {foreign, http.StatusNotFound}, readerKey: {other, http.StatusForbidden}} {
		f.signIn(key)
		for _, path := range []string{"", "/video.mp4"} {
			if got := f.get(recordingsPath + "/" + string(tc.id) + path); got.status != tc.want || strings.Contains(got.body, "video of") {
				t.Errorf("%s: GET %s%s answers %d, want %d", key, tc.id, path, got.status, tc.want)
			}
		}
		if got := f.post(recordingsPath+"/"+string(tc.id), "lifetime", "1h"); got.status != tc.want {
			t.Errorf("%s: a link answers %d, want %d", key, got.status, tc.want)
		}
		if got := f.get(recordingsPath + "/timeline?domain=" + foreignDomain); got.status == http.StatusOK {
			t.Errorf("%s: the timeline of another account is shown", key)
		}
	}
}

func TestLinkIsShownOnceWithTheServersAddress(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.record(playDomain, "show", 5, live.FileStored)
	f.signIn(accountKey)
	path := recordingsPath + "/" + string(id)
	got := f.post(path, "lifetime", "24h")
	if want := f.server.URL + "/recordings/" + string(id) + ".mp4?signature=s"; got.status != http.StatusOK || !strings.Contains(got.body, want) {
		t.Errorf("a link answers %d, without %s", got.status, want)
	}
	for _, lifetime := range []string{"", "soon", "1000h"} {
		if got := f.post(path, "lifetime", lifetime); got.status != http.StatusBadRequest {
			t.Errorf("a link for %q answers %d", lifetime, got.status)
		}
	}
	if log := f.logged.String(); !strings.Contains(log, "link recording") || strings.Contains(log, "signature") {
		t.Errorf("the log tells of the link, without it:\n%s", log)
	}
}

func TestTimelineShowsSessionsGapsAndFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.record(playDomain, "show", 50, live.FileStored)
	f.update(func(ctx context.Context, tx store.Tx) error {
		for i, span := range [][2]int{{60, 40}, {30, 20}, {5, 0}} {
			s := live.Session{ID: live.SessionID(rune('a' + i)), Key: live.StreamKey{Domain: playDomain, App: "live", Stream: "show"},
				IngestDomain: playDomain, Protocol: "rtmp", StartedAt: testTime.Add(-time.Duration(span[0]) * time.Minute)}
			if err := tx.AddSession(ctx, s); err != nil {
				return err
			}
			if span[1] > 0 {
				if err := tx.EndSession(ctx, s.ID, testTime.Add(-time.Duration(span[1])*time.Minute)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	f.signIn(accountKey)
	body := f.page(recordingsPath + "/timeline?hours=6&domain=" + playDomain + "&app=live&stream=show")
	for want, n := range map[string]int{`class="session`: 3, `class="session growing"`: 1, `class="file"`: 1, string(id): 1, ">10:00<": 1, "15:00": 1} {
		if got := strings.Count(body, want); got < n {
			t.Errorf("the timeline has %q %d times, want %d", want, got, n)
		}
	}
	if !strings.Contains(body, "Sessions: 3, gaps between them: 2") {
		t.Error("the timeline does not count sessions and gaps")
	}
	if body := f.page(recordingsPath + "/timeline?hours=1&to=2026-11-23T05:00&domain=" + playDomain + "&app=live&stream=show"); !strings.Contains(body, "was not pushed") {
		t.Error("another window shows the same sessions")
	}
}

func TestPageOfARecordFileTellsItsGapsAndDigest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	whole, broken := f.record(playDomain, "whole", 90, live.FileStored), f.record(playDomain, "broken", 30, live.FileStored)
	f.update(func(ctx context.Context, tx store.Tx) error {
		file, err := tx.RecordFile(ctx, broken)
		if err != nil {
			return err
		}
		file.SHA256 = "0123456789abcdef"
		file.Gaps = live.Gaps{More: 7, List: []live.Gap{{From: file.StartTime.Add(20 * time.Second), To: file.StartTime.Add(85 * time.Second), At: 20 * time.Second}}}
		return tx.PutRecordFile(ctx, file)
	})
	body := f.page(recordingsPath + "/" + string(broken))
	for _, want := range []string{"0123456789abcdef", "Gaps in the file", "1:05", "0:20", "only the number is kept: 7."} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if body := f.page(recordingsPath + "/" + string(whole)); strings.Contains(body, "SHA-256") || strings.Contains(body, "Gaps in the file") {
		t.Error("the page of a file without gaps and digest tells of them")
	}
}
