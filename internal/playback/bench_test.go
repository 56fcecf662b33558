package playback

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/flv"
)

// recordLong stores an FLV file of two hours at 2.5 Mbit/s, with 30 pictures a
// second. Of the frames only their headers take space on disk.
func recordLong(b *testing.B, w *world) live.RecordFileID {
	b.Helper()
	tracks, _ := short()
	r := row("file_long", live.FormatFLV, tracks)
	r.State = live.FileStored
	fw := flv.NewWriter(tracks)
	head := fw.AppendHeader(nil)
	w.put(w.object(r.ObjectKey), head)
	f, err := os.OpenFile(w.object(r.ObjectKey), os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()

	const (
		length              = 2 * time.Hour
		picture, sound      = time.Second / 30, time.Second * 1024 / 48000
		pictureSize, header = 10_400, 11 + 5
		soundSize           = 350
	)
	at := int64(len(head))
	body := make([]byte, pictureSize)
	write := func(u media.Unit) {
		tag := flv.NewWriter(tracks).AppendUnits(nil, []media.Unit{u})
		_, err1 := f.WriteAt(tag[:header], at)
		_, err2 := f.WriteAt(tag[len(tag)-4:], at+int64(len(tag)-4))
		if err1 != nil || err2 != nil {
			b.Fatal(err1, err2)
		}
		at += int64(len(tag))
	}
	heard := time.Duration(0)
	for n := range int(length / picture) {
		now := time.Duration(n) * picture
		write(media.Unit{Kind: media.Video, Codec: media.H264, Key: n%60 == 0, DTS: now, Composition: time.Duration(n%3) * picture, Body: body})
		for ; heard <= now; heard += sound {
			write(media.Unit{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: heard, Body: body[:soundSize]})
		}
	}
	r.Size = at
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
