package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/store"
)

// addPlayable stores an FLV file of half a second that begins at a minute of a
// known hour.
func addPlayable(t *testing.T, s *server, dir, id string, minute int) {
	t.Helper()
	tracks := media.Tracks{Video: &media.Track{Codec: media.H264, Config: []byte{1, 100, 0, 31, 0xff, 0xe0, 0}}}
	w := flv.NewWriter(tracks)
	content := w.AppendUnits(w.AppendHeader(nil), mediatest.Batch())
	start := time.Date(2026, 11, 23, 12, minute, 0, 0, time.UTC)
	f := live.RecordFile{
		ID: live.RecordFileID(id), Recording: "rec_1", Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"},
		Format: live.FormatFLV, State: live.FileStored, Bucket: "shows", ObjectKey: "live/" + id + ".flv",
		Tracks:    []live.Track{{Codec: "h264", Config: tracks.Video.Config}},
		StartTime: start, StopTime: start.Add(time.Second), Duration: time.Second, Size: int64(len(content)),
	}
	path := filepath.Join(dir, "records", f.Bucket, filepath.FromSlash(f.ObjectKey))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.store.Update(t.Context(), func(tx store.Tx) error { return tx.PutRecordFile(t.Context(), f) }); err != nil {
		t.Fatal(err)
	}
}

func TestRecordFilesAreExported(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	addPlayable(t, s, dir, "file_1", 1)
	addPlayable(t, s, dir, "file_2", 2)
	want := mustRun(t, "records", "export", "file_1", "--data", dir, "-o", "-")
	if !strings.Contains(want[:12], "ftyp") {
		t.Fatalf("standard output begins with %q", want[:12])
	}
	for name, args := range map[string][]string{
		"by id":        {"file_1"},
		"by selection": {"--domain", "play.example.com", "--app", "live", "--stream", "show", "--from", "2026-11-23T12:01:00Z", "--to", "2026-11-23T12:02:00Z"},
	} {
		path := filepath.Join(t.TempDir(), "show.mp4")
		out := mustRun(t, append([]string{"records", "export", "--data", dir, "--output", path}, args...)...)
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(want))
		}
		if !strings.HasPrefix(out, path+": 5") {
			t.Errorf("%s: printed %q", name, out)
		}
	}
}

func TestExportsThatCannotBeLeaveNothing(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	addPlayable(t, s, dir, "file_1", 1)
	addPlayable(t, s, dir, "file_2", 2)
	addPlayable(t, s, dir, "file_lost", 3)
	if err := os.Truncate(filepath.Join(dir, "records", "shows", "live", "file_2.flv"), 10_000); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "records", "shows", "live", "file_lost.flv")); err != nil {
		t.Fatal(err)
	}
	there := filepath.Join(t.TempDir(), "there.mp4")
	if err := os.WriteFile(there, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"nothing is named", nil, exitUsage, "give the id"},
		{"both ways of naming", []string{"file_1", "--stream", "show"}, exitUsage, "give the id"},
		{"no such file", []string{"file_none"}, exitFailed, "not found"},
		{"the object is gone", []string{"file_lost"}, exitFailed, "not found"},
		{"the object is shorter", []string{"file_2"}, exitFailed, "file_2"},
		{"several files", []string{"--stream", "show"}, exitFailed, "file_2  2026-11-23T12:02:00Z  play.example.com/live/show  flv"},
		{"no file", []string{"--stream", "other"}, exitFailed, "no finished record file"},
		{"the output exists", []string{"file_1", "--output", there}, exitFailed, "exists"},
	} {
		path := filepath.Join(t.TempDir(), "show.mp4")
		args := []string{"records", "export", "--data", dir, "--output", path}
		if status, _, errOut := command(t, append(args, tt.args...)...); status != tt.status || !strings.Contains(errOut, tt.says) {
			t.Errorf("%s: status %d, want %d: %s", tt.name, status, tt.status, errOut)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: left a file", tt.name)
		}
	}
	if mine, err := os.ReadFile(there); err != nil || string(mine) != "mine" {
		t.Errorf("the file that was there: %q, %v", mine, err)
	}
}

func TestALinkServesWhatIsExported(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	addPlayable(t, s, dir, "file_1", 1)
	want := mustRun(t, "records", "export", "file_1", "--data", dir, "-o", "-")
	link := strings.TrimSpace(mustRun(t, "records", "link", "file_1", "--data", dir, "--server", "http://"+s.httpListener.Addr().String()+"/"))
	for url, status := range map[string]int{link: 200, link + "&download=1": 200, strings.Replace(link, "file_1", "file_2", 1): 403} {
		r, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != status || status == 200 && string(got) != want {
			t.Errorf("GET %s: status %d, %d bytes, %v; want %d", url, r.StatusCode, len(got), err, status)
		}
	}
	if link := mustRun(t, "records", "link", "file_1", "--data", dir, "--expires", "168h"); !strings.HasPrefix(link, "http://localhost:8080/recordings/file_1.mp4?expires=") {
		t.Errorf("without --server: %s", link)
	}
	public := filepath.Join(t.TempDir(), "tallylight.yaml")
	if err := os.WriteFile(public, []byte("public_url: https://live.example.com/\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if link := mustRun(t, "records", "link", "file_1", "--data", dir, "--config", public); !strings.HasPrefix(link, "https://live.example.com/recordings/file_1.mp4?expires=") {
		t.Errorf("with public_url: %s", link)
	}
}

func TestLinksThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	addPlayable(t, s, dir, "file_1", 1)
	for _, tt := range []struct {
		args   []string
		status int
	}{
		{[]string{"file_1", "--expires", "59s"}, exitUsage},
		{[]string{"file_1", "--expires", "169h"}, exitUsage},
		{[]string{"file_1", "--server", "live.example.com"}, exitUsage},
		{[]string{"file_1", "--server", "https://live.example.com/?a=b"}, exitUsage},
		{[]string{"file_none"}, exitFailed},
	} {
		if status, out, _ := command(t, append([]string{"records", "link", "--data", dir}, tt.args...)...); status != tt.status {
			t.Errorf("%q: status %d: %s", tt.args, status, out)
		}
	}
}
