package chaos

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tallylight/internal/blob/localfs"
	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/record"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
	"tallylight/internal/upload"
)

// spoolMark is the file by which the server knows its spool.
const spoolMark = ".tallylight-spool"

// A station is a recorder in this process, on a real database and real files. It
// is for faults that cannot be done to the program from outside.
type station struct {
	faults
	dir      string
	now      func() time.Time
	db       *sqlite.Store
	recorder *record.Recorder
	clip     *clip
	rule     live.RecordConfig
	jitter   time.Duration // that files may show
}

// stationFolder returns a folder for stations, in memory where the system has
// such a place: a test of thousands of files would mostly wait for a disk to sync.
func stationFolder(t *testing.T) string {
	t.Helper()
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err != nil || !info.IsDir() {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memory, "tallylight-station-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// openStation opens the database of a folder and starts nothing.
func openStation(t *testing.T, dir string, now func() time.Time) *station {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "tallylight.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &station{faults: faults{t: t}, dir: dir, now: now, db: db, clip: theClip(t), jitter: rounding, rule: live.RecordConfig{
		Domain: streamingDomain, App: "live", Stream: live.Any, OSSBucket: bucketName, DelayTime: time.Minute,
	}}
	for _, format := range stationFormats {
		rule := live.RecordFormat{Format: format, CycleDuration: time.Hour, ObjectPrefix: objectPrefix}
		if sliced(format) {
			rule.SliceDuration, rule.SliceObjectPrefix = sliceDuration, slicePrefix
		}
		s.rule.Formats = append(s.rule.Formats, rule)
	}
	s.update(func(ctx context.Context, tx store.Tx) error {
		if err := tx.AddRecordConfig(ctx, s.rule); err != nil && !errors.Is(err, live.ErrConfigExists) {
			return err
		}
		err := tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: streamingDomain, NotifyURL: "http://receiver.example/", NeedStatusNotify: true})
		if errors.Is(err, live.ErrConfigExists) {
			return nil
		}
		return err
	})
	return s
}

// stationFormats are what stations record.
var stationFormats = []live.Format{live.FormatFLV, live.FormatMP4, live.FormatM3U8, live.FormatCMAF}

// start makes a recorder and has it take up what an earlier one has left.
func (s *station) start() {
	s.t.Helper()
	buckets, log := localfs.NewRoot(filepath.Join(s.dir, "records")), slog.New(slog.DiscardHandler)
	uploads := upload.New(upload.Config{Store: s.db, Buckets: buckets, SpoolDir: s.spool(), Log: log, Now: s.now})
	var err error
	s.recorder, err = record.New(record.Config{
		Store: s.db, Buckets: buckets, Uploads: uploads, SpoolDir: s.spool(), Log: log, Now: s.now,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.recorder.Recover(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// stop ends the recorder in order.
func (s *station) stop() {
	s.t.Helper()
	if err := s.recorder.Close(context.WithoutCancel(s.t.Context())); err != nil {
		s.fault("%v", err)
	}
}

func (s *station) close() {
	s.t.Helper()
	if err := s.db.Close(); err != nil {
		s.fault("%v", err)
	}
}

func (s *station) spool() string { return filepath.Join(s.dir, "spool") }

// object is where the folder of the bucket has an object.
func (s *station) object(key string) string {
	return filepath.Join(s.dir, "records", bucketName, filepath.FromSlash(key))
}

func stationKey(stream string) live.StreamKey {
	return live.StreamKey{Domain: streamingDomain, App: "live", Stream: stream}
}

func (s *station) update(fn func(context.Context, store.Tx) error) {
	s.t.Helper()
	ctx := s.t.Context()
	if err := s.db.Update(ctx, func(tx store.Tx) error { return fn(ctx, tx) }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *station) view(fn func(context.Context, store.Reader) error) {
	s.t.Helper()
	ctx := s.t.Context()
	if err := s.db.View(ctx, func(tx store.Reader) error { return fn(ctx, tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// open begins a push and announces its tracks.
func (s *station) open(stream string) *record.Session {
	s.t.Helper()
	now := s.now()
	session, err := s.recorder.Open(s.t.Context(), live.Session{
		ID: live.NewSessionID(now), Key: stationKey(stream), IngestDomain: ingestDomain, Protocol: "rtmp", StartedAt: now,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	session.Write([]media.Unit{
		{Kind: media.Video, Codec: media.H264, Config: true, Body: s.clip.config[0]},
		{Kind: media.Audio, Codec: media.AAC, Config: true, Body: s.clip.config[1]},
	})
	return session
}

// units returns the frames of a push whose times lie from one up to another.
func (c *clip) units(id pushID, from, to time.Duration) []media.Unit {
	var units []media.Unit
	var next [2]uint32
	for {
		k := 0
		if timeOf(media.Audio, next[1]) < timeOf(media.Video, next[0]) {
			k = 1
		}
		at := timeOf(kinds[k], next[k])
		if at >= to {
			return units
		}
		if at >= from {
			f := c.frame(kinds[k], next[k])
			units = append(units, media.Unit{
				Kind: kinds[k], Codec: [2]media.Codec{media.H264, media.AAC}[k], DTS: at, Composition: f.composition,
				Key: f.key || k == 1, Body: c.payload(frameID{id, kinds[k], next[k]}),
			})
		}
		next[k]++
	}
}

// checkFinished fails if a file is not.
func (s *station) checkFinished() {
	s.t.Helper()
	s.view(func(ctx context.Context, tx store.Reader) error {
		files, err := tx.UnfinishedRecordFiles(ctx)
		for _, f := range files {
			s.fault("record file %s of %s is %s", f.ID, f.Key, f.State)
		}
		return err
	})
}

// copyTo copies the station's folder, of which nothing may be written meanwhile:
// that is what a kill would leave.
func (s *station) copyTo(dir string) {
	s.t.Helper()
	if err := os.CopyFS(dir, os.DirFS(s.dir)); err != nil {
		s.t.Fatal(err)
	}
}

// files reads the announced files of streams, and fails unless nothing else is in
// the bucket or the spool.
func (s *station) files(streams ...string) map[live.StreamKey][]content {
	s.t.Helper()
	found := make(map[live.StreamKey][]content)
	expected := make(map[string]bool)
	s.view(func(ctx context.Context, tx store.Reader) error {
		for _, stream := range streams {
			key := stationKey(stream)
			events, err := tx.Events(ctx, key, 0, 10_000)
			if err != nil {
				return err
			}
			for _, e := range events {
				if e.Detail.File == nil {
					continue
				}
				path := s.object(e.Detail.File.ObjectKey)
				if expected[path] {
					s.fault("%s was announced twice", path)
				}
				c, err := readContent(s.clip, path, s.jitter)
				if err != nil {
					s.fault("%v", err)
				}
				expected[path] = true
				for _, part := range c.parts {
					expected[part] = true
				}
				found[key] = append(found[key], c)
			}
		}
		return nil
	})
	for name := range readTree(s.t, s.dir) {
		inBucket := strings.HasPrefix(name, "records"+string(filepath.Separator))
		if inBucket && !expected[filepath.Join(s.dir, name)] {
			s.fault("%s is in the bucket and no announced file names it", name)
		}
		if strings.HasPrefix(name, "spool"+string(filepath.Separator)) && filepath.Base(name) != spoolMark {
			s.fault("%s is left", name)
		}
	}
	return found
}
