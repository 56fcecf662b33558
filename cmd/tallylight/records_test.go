package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/reconcile"
	"tallylight/internal/store"
)

// addRecords stores three record files of two streams, with their objects and
// events, and returns where the objects are.
func addRecords(t *testing.T, s *server, dir string) []string {
	t.Helper()
	var objects []string
	for i, stream := range []string{"show", "show", "other"} {
		f := live.RecordFile{
			ID: live.RecordFileID(fmt.Sprint("file_", i)), Recording: "rec_1", Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: stream},
			Format: live.FormatMP4, State: live.FileStored, Bucket: "shows", ObjectKey: fmt.Sprintf("live/%d.mp4", i), Sequence: i,
			StartTime: time.Date(2026, 11, 23, 12, i, 0, 0, time.UTC), StopTime: time.Date(2026, 11, 23, 12, i+1, 0, 0, time.UTC), Duration: 59500 * time.Millisecond, Size: 4,
		}
		path := filepath.Join(dir, "records", f.Bucket, filepath.FromSlash(f.ObjectKey))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("data"), 0o644)); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, path)
		err := s.store.Update(t.Context(), func(tx store.Tx) error {
			_, err := tx.AddEvent(t.Context(), live.Event{ID: f.ID.EventID(), Type: live.EventFileCreated, Key: f.Key, Detail: live.EventDetail{
				File: &live.FileDetail{ID: f.ID, Bucket: f.Bucket, ObjectKey: f.ObjectKey, Size: f.Size}}})
			return errors.Join(err, tx.PutRecordFile(t.Context(), f))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return objects
}

func TestRecordFilesAreListed(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	addRecords(t, s, dir)
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"all", nil, "file_0 file_1 file_2"},
		{"of a stream", []string{"--domain", "PLAY.example.com", "--app", "live", "--stream", "other"}, "file_2"},
		{"in a state", []string{"--state", "open"}, ""},
		{"of a time", []string{"--from", "2026-11-23T12:01:00Z", "--to", "2026-11-23T12:02:00Z"}, "file_1"},
	} {
		var ids []string
		for line := range strings.Lines(mustRun(t, append([]string{"records", "list", "--json", "--data", dir}, tt.args...)...)) {
			var r recordLine
			if err := json.Unmarshal([]byte(line), &r); err != nil || r.Object == "" || r.DurationSeconds != 59.5 || r.Size != 4 {
				t.Errorf("%s: %s: %v", tt.name, line, err)
			}
			ids = append(ids, string(r.File))
		}
		if got := strings.Join(ids, " "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if out := mustRun(t, "records", "list", "--json", "--stream", "other", "--data", dir); strings.Contains(out, "gaps") || strings.Contains(out, "sha256") {
		t.Errorf("a file without gaps and digest is listed as %s", out)
	}
	want := "BEGIN                 DURATION  BYTES  STATE   STREAM                      FILE    OBJECT\n" +
		"2026-11-23T12:02:00Z  59.5s     4      stored  play.example.com/live/other  file_2  shows/live/2.mp4\n"
	if got := mustRun(t, "records", "list", "--stream", "other", "--data", dir); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestGapsAndDigestsAreListed(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	from := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f := live.RecordFile{ID: "file_1", State: live.FileStored, StartTime: from, SHA256: "0f"}
	f.Gaps = live.Gaps{List: []live.Gap{{From: from, To: from.Add(time.Second), At: 1500 * time.Millisecond}}, More: 2}
	if err := s.store.Update(t.Context(), func(tx store.Tx) error { return tx.PutRecordFile(t.Context(), f) }); err != nil {
		t.Fatal(err)
	}
	want := `"sha256":"0f","gaps":[{"from":"2026-11-23T12:00:00Z","to":"2026-11-23T12:00:01Z","at_seconds":1.5}],"more_gaps":2}`
	if got := mustRun(t, "records", "list", "--json", "--data", dir); !strings.HasSuffix(strings.TrimSpace(got), want) {
		t.Errorf("got  %s\nwant …%s", got, want)
	}
}

func TestReconcileSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	objects := addRecords(t, s, dir)
	args := []string{"records", "reconcile", "--data", dir}
	if out := mustRun(t, args...); out != "looked at 3 record files, 3 events, 3 objects, 0 spool files: 0 missing, 0 notes\n" {
		t.Errorf("of what is well: %s", out)
	}
	if err := os.Remove(objects[1]); err != nil {
		t.Fatal(err)
	}
	status, out, errOut := command(t, args...)
	want := "MISSING file     file_1  stored  2026-11-23T12:01:00Z  play.example.com/live/show  shows/live/1.mp4\n" +
		"        the object live/1.mp4 is missing in bucket shows\n" +
		"looked at 3 record files, 3 events, 2 objects, 0 spool files: 1 missing, 0 notes\n"
	if status != exitFailed || out != want || !strings.Contains(errOut, "something is missing: 1 of 3 record files") {
		t.Errorf("status %d\n%s%s, want\n%s", status, out, errOut, want)
	}
	status, out, _ = command(t, append(args, "--json", "--stream", "show", "--all")...)
	var missing []string
	for line := range strings.Lines(out) {
		var i reconcile.Item
		if err := json.Unmarshal([]byte(line), &i); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		missing = append(missing, fmt.Sprint(i.File, len(i.Missing)))
	}
	if got := strings.Join(missing, " "); status != exitFailed || got != "file_00 file_11" {
		t.Errorf("status %d, %s", status, got)
	}
}

func TestSelectionsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"records", "list", "--state", "lost"},
		{"records", "list", "--from", "today"},
		{"records", "list", "--from", "2026-11-23T12:00:00Z", "--to", "2026-11-23T12:00:00Z"},
		{"records", "reconcile", "--patience", "0s"},
		{"records", "reconcile", "--patience", "long"},
	} {
		if status, _, errOut := command(t, args...); status != exitUsage {
			t.Errorf("%q: status %d: %s", args, status, errOut)
		}
	}
	if status, _, errOut := command(t, "records", "list", "--data", t.TempDir()); status != exitFailed || !strings.Contains(errOut, "no server has used") {
		t.Errorf("an empty folder: status %d: %s", status, errOut)
	}
}
