package playback

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/playback/playbacktest"
)

// recordLong stores the recording of playbacktest.WriteLong.
func recordLong(b *testing.B, w *world) live.RecordFileID {
	b.Helper()
	r := row("file_long", live.FormatFLV, playbacktest.Tracks())
	r.State = live.FileStored
	w.put(w.object(r.ObjectKey), nil)
	f, err := os.OpenFile(w.object(r.ObjectKey), os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if r.Size, err = playbacktest.WriteLong(f); err != nil {
		b.Fatal(err)
	}
	w.add(r)
	return r.ID
}

// BenchmarkFirstLook indexes a recording of two hours.
func BenchmarkFirstLook(b *testing.B) {
	w := newWorld(b)
	id := recordLong(b, w)
	for b.Loop() {
		if err := os.RemoveAll(w.cfg.IndexDir); err != nil {
			b.Fatal(err)
		}
		f, err := New(w.cfg).Open(b.Context(), id)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(f.index.Memory())/(1<<20), "MiB-index")
		f.Close()
	}
}

// BenchmarkSeek asks for the first 64 KiB at any offset of a recording of two hours,
// whose index is in memory, or on disk only.
func BenchmarkSeek(b *testing.B) {
	w := newWorld(b)
	id := recordLong(b, w)
	files := New(w.cfg)
	first, err := files.Open(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	size := first.Size()
	first.Close()
	random := rand.New(rand.NewPCG(1, 2))
	for name, open := range map[string]func() *Files{
		"known":   func() *Files { return files },
		"on disk": func() *Files { return New(w.cfg) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				from := random.Int64N(size - 64<<10)
				r := httptest.NewRequest("GET", "/", nil)
				r.Header.Set("Range", "bytes="+strconv.FormatInt(from, 10)+"-"+strconv.FormatInt(from+64<<10-1, 10))
				rec := httptest.NewRecorder()
				open().ServeFile(rec, r, id)
				if rec.Code != http.StatusPartialContent {
					b.Fatal(rec.Code)
				}
			}
		})
	}
}
