package playback

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
)

// get asks a handler for a file.
func get(files *Files, id live.RecordFileID, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	files.ServeFile(w, r, id)
	return w.Result()
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPlayersAskForRanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, units := short()
	w.record("file_1", live.FormatFLV, tracks, units)
	files := New(w.cfg)
	whole := content(t, files, "file_1")
	size := len(whole)
	etag := get(files, "file_1", "HEAD", "/").Header.Get("ETag")
	for _, tt := range []struct {
		name     string
		header   []string
		status   int
		from, to int
	}{
		{"the whole", nil, 200, 0, size},
		{"from the begin on", []string{"Range", "bytes=0-"}, 206, 0, size},
		{"a part", []string{"Range", "bytes=100-199"}, 206, 100, 200},
		{"the end", []string{"Range", "bytes=-10"}, 206, size - 10, size},
		{"more than there is", []string{"Range", fmt.Sprintf("bytes=%d-999999999", size-5)}, 206, size - 5, size},
		{"what is not there", []string{"Range", "bytes=999999999-"}, 416, 0, 0},
		{"a part of this file", []string{"Range", "bytes=5-9", "If-Range", etag}, 206, 5, 10},
		{"a part of another file", []string{"Range", "bytes=5-9", "If-Range", `"other"`}, 200, 0, size},
		{"what it has", []string{"If-None-Match", etag}, 304, 0, 0},
	} {
		r := get(files, "file_1", "GET", "/", tt.header...)
		b := body(t, r)
		if r.StatusCode != tt.status {
			t.Errorf("%s: status %d, want %d", tt.name, r.StatusCode, tt.status)
		}
		if tt.to > 0 && !bytes.Equal(b, whole[tt.from:tt.to]) {
			t.Errorf("%s: %d bytes differ from the %d wanted", tt.name, len(b), tt.to-tt.from)
		}
	}
	r := get(files, "file_1", "HEAD", "/")
	if b := body(t, r); len(b) > 0 || r.ContentLength != int64(size) || r.Header.Get("Accept-Ranges") != "bytes" || r.Header.Get("Content-Type") != "video/mp4" {
		t.Errorf("HEAD: %d bytes, %v", len(b), r.Header)
	}
}

func TestADownloadHasAName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, units := short()
	w.record("file_1", live.FormatFLV, media.Tracks{Audio: tracks.Audio}, units)
	files := New(w.cfg)
	for target, want := range map[string]string{
		"/":            "inline; filename=show-20261123-120000.mp4",
		"/?download=1": "attachment; filename=show-20261123-120000.mp4",
	} {
		r := get(files, "file_1", "GET", target)
		if got := r.Header.Get("Content-Disposition"); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
		if got := r.Header.Get("Content-Type"); got != "audio/mp4" {
			t.Errorf("%s: a file of sound is %s", target, got)
		}
	}
}

func TestWhatCannotBeServedHasAStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, units := short()
	for _, state := range []live.RecordFileState{live.FileOpen, live.FileDeleted} {
		r := row(live.RecordFileID("file_"+state), live.FormatMP4, tracks)
		r.State = state
		w.add(r)
	}
	empty := row("file_empty", live.FormatFLV, tracks)
	empty.State = live.FileStored
	w.store(&empty, []byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"))
	w.record("file_1", live.FormatFLV, tracks, units)
	lost := row("file_lost", live.FormatFLV, tracks)
	lost.State, lost.Size = live.FileStored, 100
	w.add(lost)
	files := New(w.cfg)
	for _, tt := range []struct {
		id     live.RecordFileID
		method string
		status int
		logged bool
	}{
		{"file_none", "GET", 404, false},
		{"file_open", "GET", 409, false},
		{"file_deleted", "GET", 410, false},
		{"file_empty", "HEAD", 410, false},
		{"file_1", "POST", 405, false},
		{"file_lost", "GET", 503, true},
	} {
		before := w.log.String()
		r := get(files, tt.id, tt.method, "/")
		if r.StatusCode != tt.status {
			t.Errorf("%s of %s: status %d, want %d", tt.method, tt.id, r.StatusCode, tt.status)
		}
		if logged := w.log.String() != before; logged != tt.logged {
			t.Errorf("%s of %s: logged is %v: %s", tt.method, tt.id, logged, &w.log)
		}
		if text := string(body(t, r)); strings.Contains(text, "file_") {
			t.Errorf("%s of %s tells %q", tt.method, tt.id, text)
		}
	}
}

func TestALongAnswerOutlastsTheTimeoutOfTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, units := short()
	w.record("file_1", live.FormatFLV, tracks, units)
	files := New(w.cfg)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { files.ServeFile(w, r, "file_1") }))
	server.Config.WriteTimeout = 1 // over before the first byte
	server.Start()
	t.Cleanup(server.Close)
	r, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if !bytes.Equal(body(t, r), content(t, files, "file_1")) {
		t.Error("the answer is not the file")
	}
}

func TestARefusalOutlastsTheTimeoutOfTheServer(t *testing.T) {
	t.Parallel()
	files := New(newWorld(t).cfg)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { files.ServeFile(w, r, "file_1") }))
	server.Config.WriteTimeout = 1 // indexing took longer
	server.Start()
	t.Cleanup(server.Close)
	r, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, want 404", r.StatusCode)
	}
}

// A deadlineWriter counts how often the deadline moves.
type deadlineWriter struct {
	*httptest.ResponseRecorder
	moved, writes int
	unread        bool // reading may take any time
}

func (w *deadlineWriter) SetReadDeadline(at time.Time) error {
	w.unread = at.IsZero()
	return nil
}

func (w *deadlineWriter) SetWriteDeadline(time.Time) error {
	w.moved++
	return nil
}

func (w *deadlineWriter) Write(p []byte) (int, error) {
	w.writes++
	if w.moved < w.writes {
		return 0, errors.New("the deadline is over")
	}
	return w.ResponseRecorder.Write(p)
}

func TestEveryWriteHasItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, units := short()
	w.record("file_1", live.FormatFLV, tracks, units)
	rec := &deadlineWriter{ResponseRecorder: httptest.NewRecorder()}
	New(w.cfg).ServeFile(rec, httptest.NewRequest("GET", "/", nil), "file_1")
	if !rec.unread {
		t.Error("the answer lasts no longer than reading may take")
	}
	if rec.writes < 3 || rec.moved <= rec.writes {
		t.Errorf("%d writes, and the deadline moved %d times: want more, and before each", rec.writes, rec.moved)
	}
}

func TestAnAnswerThatBreaksOffIsSeenByTheClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, units := short()
	w.record("file_1", live.FormatFLV, tracks, units)
	files := New(w.cfg)
	content(t, files, "file_1") // indexed
	w.read = func(string, int64, int64) error { return errors.New("injected fault") }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { files.ServeFile(w, r, "file_1") }))
	t.Cleanup(server.Close)
	r, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, err := io.ReadAll(r.Body); err == nil {
		t.Errorf("the client takes %d bytes for the whole file", len(b))
	}
	server.Close() // waits for the handler
	if !strings.Contains(w.log.String(), "playback broke off") {
		t.Errorf("nothing was logged: %s", &w.log)
	}
}
