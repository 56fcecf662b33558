package record

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/blob/localfs"
	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

var key = live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}

const prefix = "record/{AppName}/{StreamName}/{Sequence}_{EscapedStartTime}_{EscapedEndTime}"

// A harness is a Recorder on a real database and real files.
type harness struct {
	t        *testing.T
	dir      string
	db       *sqlite.Store
	buckets  blob.Buckets
	recorder *Recorder
	world    *world // what the Recorder sees of store, buckets and files
	rule     live.RecordConfig
	asker    fakeAsker
	began    time.Time

	undecided bool // Config.RecordUndecided
	preRoll   int  // Config.PreRollBytes
	queue     int  // Config.QueueBytes
}

// bubble runs a test in a synctest bubble: its clock jumps when all wait.
func bubble(t *testing.T, test func(t *testing.T, h *harness)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &harness{t: t, dir: t.TempDir(), rule: live.RecordConfig{
			Domain: key.Domain, App: key.App, Stream: live.Any, OSSBucket: "shows", DelayTime: time.Minute,
			Formats: []live.RecordFormat{
				{Format: live.FormatFLV, CycleDuration: time.Hour, ObjectPrefix: prefix},
				{Format: live.FormatMP4, CycleDuration: time.Hour, ObjectPrefix: prefix},
			},
		}}
		db, err := sqlite.Open(t.Context(), filepath.Join(h.dir, "db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		h.db, h.world, h.began = db, &world{h: h}, time.Now()
		h.buckets = localfs.NewRoot(filepath.Join(h.dir, "records"))
		defer func() {
			if h.recorder != nil {
				h.close()
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}()
		test(t, h)
	})
}

// start starts a Recorder, as a new process does.
func (h *harness) start() {
	h.t.Helper()
	h.makeRecorder()
	if err := h.recorder.Recover(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// makeRecorder makes a Recorder and stores the rule and a notify config.
func (h *harness) makeRecorder() {
	h.t.Helper()
	ctx := h.t.Context()
	err := h.db.Update(ctx, func(tx store.Tx) error {
		err := tx.AddRecordConfig(ctx, h.rule)
		if err != nil && !errors.Is(err, live.ErrConfigExists) {
			return err
		}
		err = tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: key.Domain, NotifyURL: "http://receiver.example/", NeedStatusNotify: true})
		if errors.Is(err, live.ErrConfigExists) {
			return nil
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.recorder, err = New(Config{
		Store: h.world, Buckets: h.world, Uploads: h.world, Asker: &h.asker, SpoolDir: filepath.Join(h.dir, "spool"),
		Log: slog.New(slog.NewTextHandler(h.t.Output(), nil)), Now: time.Now,
		RecordUndecided: h.undecided, PreRollBytes: h.preRoll, QueueBytes: h.queue,
		createFile: h.world.createFile, openFile: h.world.openFile,
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// crash ends the Recorder the way SIGKILL does: from now on nothing that it does
// reaches a file, the store or a bucket.
func (h *harness) crash() {
	h.t.Helper()
	h.world.dead.Store(true)
	ctx, cancel := context.WithCancel(h.t.Context())
	cancel()
	if err := h.recorder.Close(ctx); err == nil {
		h.t.Error("Close of a killed Recorder reported success")
	}
	h.recorder = nil
	h.world = &world{h: h}
	for _, e := range mustReadDir(h.t, filepath.Join(h.dir, "spool")) {
		// What did not go through the world was written at a time outside the bubble.
		if info, err := e.Info(); err == nil && info.ModTime().After(time.Now()) {
			if err := os.Chtimes(filepath.Join(h.dir, "spool", e.Name()), time.Time{}, h.began); err != nil {
				h.t.Error(err)
			}
		}
	}
}

func (h *harness) close() {
	h.t.Helper()
	if err := h.recorder.Close(context.WithoutCancel(h.t.Context())); err != nil {
		h.t.Error(err)
	}
	h.recorder = nil
}

func (h *harness) open(args ...live.Arg) *Session {
	h.t.Helper()
	now := time.Now()
	s, err := h.recorder.Open(h.t.Context(), live.Session{
		ID: live.NewSessionID(now), Key: key, IngestDomain: key.Domain, Protocol: "rtmp", Args: args, StartedAt: now,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// push writes the units between two timestamps of the sample in real time. The
// decoder configurations come first.
func (h *harness) push(s *Session, from, to time.Duration) {
	h.t.Helper()
	start := time.Now()
	for _, u := range sampleUnits(h.t) {
		switch {
		case u.Config:
		case u.DTS < from || u.DTS >= to:
			continue
		default:
			time.Sleep(time.Until(start.Add(u.DTS - from)))
		}
		s.Write([]media.Unit{u})
	}
	time.Sleep(40 * time.Millisecond)
}

// sampleUnits returns ten seconds of H.264 and AAC.
func sampleUnits(t *testing.T) []media.Unit {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "cmd", "tallylight", "sample", "sample.flv"))
	if err != nil {
		t.Fatal(err)
	}
	return flvUnits(t, bytes.NewReader(data))
}

// flvUnits returns the audio and video of an FLV file.
func flvUnits(t *testing.T, file io.Reader) []media.Unit {
	t.Helper()
	r, err := flv.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var units []media.Unit
	for {
		tag, err := r.ReadTag()
		if err == io.EOF {
			return units
		}
		if err != nil {
			t.Fatal(err)
		}
		tag.Body = bytes.Clone(tag.Body)
		u, ok, err := tag.Unit()
		if err != nil {
			t.Fatal(err)
		}
		if ok && u.Kind != media.Data {
			units = append(units, u)
		}
	}
}

// frames returns the frames of an FLV file without configurations.
func (h *harness) frames(path string) []media.Unit {
	h.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	return slices.DeleteFunc(flvUnits(h.t, f), func(u media.Unit) bool { return u.Config })
}

// events returns what was told of the stream, in order.
func (h *harness) events() []live.Event {
	h.t.Helper()
	var events []live.Event
	err := h.db.View(h.t.Context(), func(tx store.Reader) error {
		var err error
		events, err = tx.Events(h.t.Context(), key, 0, 1000)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return events
}

// told fails the test unless the types of the events are those wanted.
func (h *harness) told(want ...live.EventType) []live.Event {
	h.t.Helper()
	events := h.events()
	var got []live.EventType
	for _, e := range events {
		got = append(got, e.Type)
	}
	if !slices.Equal(got, want) {
		h.t.Errorf("events = %v, want %v", got, want)
	}
	return events
}

// files returns the paths of the announced files with an extension, by key, and
// fails the test unless exactly those exist, beside what sliced files consist of.
func (h *harness) files(ext string) []string {
	h.t.Helper()
	var announced []string
	for _, e := range h.events() {
		if e.Type == live.EventFileCreated {
			announced = append(announced, filepath.Join(h.dir, "records", e.Detail.File.Bucket, e.Detail.File.ObjectKey))
		}
	}
	slices.Sort(announced)
	found := slices.DeleteFunc(h.stored(""), func(path string) bool {
		switch filepath.Ext(path) {
		case ".ts", ".m4s":
			return true
		case ".mp4":
			return strings.HasSuffix(path, "_init.mp4")
		case ".m3u8":
			return strings.HasSuffix(path, "_video.m3u8") || strings.HasSuffix(path, "_audio.m3u8") || strings.HasSuffix(path, "_cmaf.m3u8")
		}
		return false
	})
	if !slices.Equal(announced, found) {
		h.t.Errorf("announced %v\nfound     %v", announced, found)
	}
	return slices.DeleteFunc(found, func(p string) bool { return !strings.HasSuffix(p, ext) })
}

// stored returns the paths of the objects with an extension, by key.
func (h *harness) stored(ext string) (found []string) {
	h.t.Helper()
	err := filepath.WalkDir(filepath.Join(h.dir, "records"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		h.t.Fatal(err)
	}
	slices.Sort(found)
	return slices.DeleteFunc(found, func(p string) bool { return !strings.HasSuffix(p, ext) })
}

// spoolEmpty fails the test if a file was left in the spool.
func (h *harness) spoolEmpty() {
	h.t.Helper()
	entries, err := os.ReadDir(filepath.Join(h.dir, "spool"))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != spoolMark {
			h.t.Errorf("%s is left in the spool", e.Name())
		}
	}
}
