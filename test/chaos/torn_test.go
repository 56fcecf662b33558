package chaos

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// The spool is torn at every byte of what was written last, in a short run at every
// thirteenth: once with an encoder that comes back afterwards, and once without. The
// test is not parallel to those of the program, whose bound on what is lost is one
// of time: it keeps the machine busy.
func TestATornLastBlockCostsNoMore(t *testing.T) {
	for _, tt := range []struct {
		name  string
		again bool
	}{{"the encoder is gone", false}, {"the encoder comes back", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := stationFolder(t)
			synctest.Test(t, func(t *testing.T) { tearEveryByte(t, dir, tt.again) })
		})
	}
}

// What is pushed before the server dies: all of it was written before wroteLast,
// and the block that is torn holds the rest.
const (
	pushed    = 1560 * time.Millisecond
	wroteLast = 1500 * time.Millisecond
	pushAgain = 600 * time.Millisecond
)

func tearEveryByte(t *testing.T, dir string, again bool) {
	image := takeImage(t, filepath.Join(dir, "original"))
	s := openStation(t, filepath.Join(dir, "torn"), time.Now)
	defer s.close()
	variants := s.spread(image)
	s.start()
	var streams []string
	for i, n := range variants {
		streams = append(streams, variantName(n))
		if !again {
			continue
		}
		session := s.open(variantName(n))
		session.Write(s.clip.units(pushID{0, 1}, 0, pushAgain))
		session.Close(nil)
		if i%64 == 0 {
			time.Sleep(time.Second) // lets them be written; the clock is the bubble's
		}
	}
	s.stop()

	found := s.files(streams...)
	for _, n := range variants {
		got := found[stationKey(variantName(n))]
		for _, f := range image.files {
			for k, kind := range kinds {
				if f.holds(kind) {
					s.checkTorn(n, f, kind, image.framesBefore(kind), image.frames(kind), spansOf(got, f.row.Format, k), again)
				}
			}
		}
	}
	t.Logf("%d tears of %d files", len(variants), len(image.files))
}

// variantName is the stream of the variant that is torn after n bytes.
func variantName(n int) string { return fmt.Sprintf("torn%06d", n) }

// checkTorn fails unless a variant has every frame that was written before the
// torn block, of that block no more than a beginning, all if it is whole, and all
// frames of the push that followed.
func (s *station) checkTorn(n int, f imageFile, kind media.Kind, safe, all int, spans []span, again bool) {
	s.t.Helper()
	var got [2]int // frames, by push
	for _, sp := range spans {
		if int(sp.first) != got[sp.push.push] {
			s.fault("torn after %d bytes, %s: push %d goes on with frame %d behind %d", n, f.row.Format, sp.push.push, sp.first, got[sp.push.push])
		}
		got[sp.push.push] = int(sp.end)
	}
	if got[0] < safe || got[0] > all || n >= f.last && got[0] != all {
		s.fault("torn after %d bytes, %s: %d %s frames, %d were safe, %d sent", n, f.row.Format, got[0], kindNames[slot(kind)], safe, all)
	}
	want := 0
	if again {
		want = count(s.clip.units(pushID{}, 0, pushAgain), kind)
	}
	if got[1] != want {
		s.fault("torn after %d bytes, %s: %d %s frames of the second push, want %d", n, f.row.Format, got[1], kindNames[slot(kind)], want)
	}
}

func count(units []media.Unit, kind media.Kind) int {
	n := 0
	for _, u := range units {
		if u.Kind == kind {
			n++
		}
	}
	return n
}

// spansOf returns the spans of a kind in the files of a format, in their order.
func spansOf(files []content, format live.Format, k int) []span {
	var spans []span
	for push := range uint32(2) {
		for _, c := range files {
			for _, sp := range c.spans[k] {
				if c.format == format && sp.push.push == push {
					spans = append(spans, sp)
				}
			}
		}
	}
	return spans
}

// An image is what a server that dies leaves of one recording.
type image struct {
	clip      *clip
	recording live.Recording
	rows      []live.RecordFile
	files     []imageFile
	stored    []imageObject // init segments, which are stored at once
}

// An imageObject is a slice in the bucket.
type imageObject struct {
	slice live.Slice
	bytes []byte
}

// An imageFile is a file of the spool: a record file, or a slice of one.
type imageFile struct {
	row   live.RecordFile
	name  string // in the spool
	bytes []byte
	last  int // bytes of the block that was written last; 0 for a file that is whole
}

// holds reports whether frames of a kind are in the torn block. The slices of cmaf
// are of one kind.
func (f imageFile) holds(k media.Kind) bool {
	return f.last > 0 && (f.row.Format != live.FormatCMAF || strings.Contains(f.name, kindNames[slot(k)]))
}

func (im image) framesBefore(kind media.Kind) int {
	return count(im.clip.units(pushID{}, 0, wroteLast), kind)
}
func (im image) frames(kind media.Kind) int { return count(im.clip.units(pushID{}, 0, pushed), kind) }

// originalStream is what an image is of.
const originalStream = "original"

// writeFile writes a file, and the folders above it.
func writeFile(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}

// takeImage records a push and copies what there is while it lasts.
func takeImage(t *testing.T, dir string) image {
	t.Helper()
	s := openStation(t, dir, time.Now)
	defer s.close()
	s.start()
	defer s.stop()
	session := s.open(originalStream)
	sizes := make(map[string]int)
	push := func(from, to time.Duration) {
		session.Write(s.clip.units(pushID{}, from, to))
		time.Sleep(2 * time.Second) // of the bubble's clock: it is written
		synctest.Wait()
	}
	push(0, wroteLast)
	im := image{clip: s.clip}
	s.view(func(ctx context.Context, tx store.Reader) error {
		open, err := tx.OpenRecordings(ctx)
		if err != nil || len(open) != 1 {
			t.Fatalf("%d recordings, %v", len(open), err)
		}
		im.recording = open[0]
		im.rows, err = tx.UnfinishedRecordFiles(ctx)
		return err
	})
	for path, b := range readTree(t, s.spool()) {
		sizes[path] = len(b)
	}
	push(wroteLast, pushed)
	s.view(func(ctx context.Context, tx store.Reader) error {
		for _, row := range im.rows {
			list, err := tx.FileSlices(ctx, row.ID)
			if err != nil {
				return err
			}
			for _, slice := range list {
				b, err := os.ReadFile(s.object(slice.ObjectKey))
				if err != nil {
					return err
				}
				im.stored = append(im.stored, imageObject{slice, b})
			}
		}
		return nil
	})
	torn := 0
	for path, b := range readTree(t, s.spool()) {
		if filepath.Base(path) == spoolMark {
			continue
		}
		i := slices.IndexFunc(im.rows, func(row live.RecordFile) bool { return strings.Contains(path, string(row.ID)) })
		if i < 0 {
			t.Fatalf("%s belongs to no record file", path)
		}
		f := imageFile{im.rows[i], path, b, len(b) - sizes[path]}
		if f.last > 0 {
			torn++
		}
		im.files = append(im.files, f)
	}
	if want := len(stationFormats) + 1; torn != want { // cmaf has two
		t.Fatalf("%d files have grown, want %d", torn, want)
	}
	session.Close(nil)
	return im
}

// readTree returns the files below a folder, by their paths in it.
func readTree(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// spread leaves the image in the station, as a recording of its own for each
// length to which the last block is torn, and returns these. In a short run they
// are few.
func (s *station) spread(im image) []int {
	s.t.Helper()
	longest, step := 0, 1
	for _, f := range im.files {
		longest = max(longest, f.last)
	}
	if isShort() {
		step = 13
	}
	var variants []int
	for n := longest; n >= 0; n -= step {
		variants = append(variants, n)
	}
	s.update(func(ctx context.Context, tx store.Tx) error {
		for _, n := range variants {
			now := s.now()
			recording := im.recording
			recording.ID, recording.Key = live.NewRecordingID(now), stationKey(variantName(n))
			if err := tx.PutRecording(ctx, recording); err != nil {
				return err
			}
			ids := make(map[live.RecordFileID]live.RecordFileID)
			for _, row := range im.rows {
				ids[row.ID] = live.NewRecordFileID(now)
				row.ID, row.Recording, row.Key = ids[row.ID], recording.ID, recording.Key
				if err := tx.PutRecordFile(ctx, row); err != nil {
					return err
				}
			}
			for _, o := range im.stored {
				slice := o.slice
				slice.File, slice.Recording, slice.Key = ids[slice.File], recording.ID, recording.Key
				slice.ObjectKey = strings.Replace(slice.ObjectKey, originalStream, recording.Key.Stream, 1)
				if err := tx.AddSlice(ctx, slice); err != nil {
					return err
				}
				if err := writeFile(s.object(slice.ObjectKey), o.bytes); err != nil {
					return err
				}
			}
			for _, f := range im.files {
				kept := len(f.bytes) - f.last + min(n, f.last)
				path := filepath.Join(s.spool(), strings.ReplaceAll(f.name, string(f.row.ID), string(ids[f.row.ID])))
				if err := writeFile(path, f.bytes[:kept]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return variants
}
