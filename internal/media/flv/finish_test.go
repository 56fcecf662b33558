package flv_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
)

// testSummary is what a file of testUnits holds; the last audio frame lasts as
// long as the one before.
var testSummary = media.Summary{Duration: 80 * time.Millisecond, VideoFrames: 2, AudioFrames: 3}

func TestFinishFillsInDurationAndSize(t *testing.T) {
	t.Parallel()
	file, w := record(testTracks, testUnits)
	f := create(t, file)
	got, err := w.Finish(f)
	want := testSummary
	want.Size = int64(len(file))
	if err != nil || got != want {
		t.Fatalf("Finish = %+v, %v, want %+v", got, err, want)
	}
	finished := content(t, f)
	if got := number(t, finished, "duration"); got != 0.08 {
		t.Errorf("onMetaData has the duration %v, want 0.08", got)
	}
	if got := number(t, finished, "filesize"); got != float64(len(file)) {
		t.Errorf("onMetaData has the filesize %v, want %d", got, len(file))
	}
	if tags, _ := readAll(t, finished); len(tags) != 3+len(testUnits) {
		t.Errorf("file has %d tags, want %d", len(tags), 3+len(testUnits))
	}
}

// number returns a number of the metadata.
func number(t *testing.T, file []byte, name string) float64 {
	t.Helper()
	at := bytes.Index(file, []byte(name+"\x00"))
	if at < 0 {
		t.Fatalf("onMetaData has no %s", name)
	}
	return math.Float64frombits(binary.BigEndian.Uint64(file[at+len(name)+1:]))
}

func content(t *testing.T, f *os.File) []byte {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Whatever the byte at which a crash tore the file: all whole tags are kept, the
// rest is gone, and the file is as if it had been finished there.
func TestRecoverKeepsEveryWholeTag(t *testing.T) {
	t.Parallel()
	whole, _ := record(testTracks, testUnits)
	header, _ := record(testTracks, nil)
	for cut := range len(whole) + 1 {
		units := wholeUnits(whole, len(header), cut)
		f := &mediatest.File{Bytes: bytes.Clone(whole[:cut])}
		summary, err := flv.Recover(f)
		if len(units) == 0 {
			if !errors.Is(err, media.ErrNoMedia) {
				t.Fatalf("Recover of %d bytes = %v, want ErrNoMedia", cut, err)
			}
			if !bytes.Equal(f.Bytes, whole[:cut]) {
				t.Fatalf("Recover changed a file of %d bytes without media", cut)
			}
			continue
		}
		if err != nil {
			t.Fatalf("Recover of %d bytes: %v", cut, err)
		}
		file, w := record(testTracks, units)
		finished := &mediatest.File{Bytes: file}
		wantSummary, err := w.Finish(finished)
		if err != nil {
			t.Fatal(err)
		}
		if summary != wantSummary || !bytes.Equal(f.Bytes, finished.Bytes) {
			t.Fatalf("Recover of %d bytes = %+v with %d bytes, want %+v with %d", cut, summary, len(f.Bytes), wantSummary, len(finished.Bytes))
		}
		again, err := flv.Recover(f)
		if err != nil || again != summary || !bytes.Equal(f.Bytes, finished.Bytes) {
			t.Fatalf("recovering again = %+v, %v, want %+v and the same bytes", again, err, summary)
		}
	}
}

// wholeUnits returns the test units whose tags lie in the first cut bytes.
func wholeUnits(file []byte, header, cut int) []media.Unit {
	n := 0
	for at := header; at < len(file); n++ {
		_, size, err := flv.ParseTag(file[at:])
		if at += size; err != nil || at > cut {
			break
		}
	}
	return testUnits[:n]
}

func TestRecoverDropsWhatIsNoTag(t *testing.T) {
	t.Parallel()
	whole, _ := record(testTracks, testUnits)
	for _, tail := range []string{"\x00", "garbage that is no tag at all", string(make([]byte, 4096))} {
		f := create(t, append(bytes.Clone(whole), tail...))
		summary, err := flv.Recover(f)
		if err != nil || summary.Size != int64(len(whole)) || len(content(t, f)) != len(whole) {
			t.Errorf("Recover with the tail %.10q = %+v, %v, want %d bytes", tail, summary, err, len(whole))
		}
	}
}

func TestFinishRecoversAFileThatAWriteFailedFor(t *testing.T) {
	t.Parallel()
	file, w := record(testTracks, testUnits)
	f := create(t, file[:len(file)-5])
	got, err := w.Finish(f)
	if err != nil || got.AudioFrames != testSummary.AudioFrames-1 || got.Size >= int64(len(file)-5) {
		t.Errorf("Finish = %+v, %v, want a file without the last frame", got, err)
	}
}

func TestFinishWithoutFramesIsNoMedia(t *testing.T) {
	t.Parallel()
	file, w := record(testTracks, testUnits[4:5]) // data alone
	if _, err := w.Finish(create(t, file)); !errors.Is(err, media.ErrNoMedia) {
		t.Errorf("Finish = %v, want ErrNoMedia", err)
	}
}

func TestRecoverLeavesMetadataOfOtherProgramsAlone(t *testing.T) {
	t.Parallel()
	file := []byte("FLV\x01\x01\x00\x00\x00\x09\x00\x00\x00\x00")
	file = flv.Tag{Type: flv.TagScript, Body: []byte("\x02\x00\x0aonMetaData\x03\x00\x05width\x00\x40\x74\x00\x00\x00\x00\x00\x00\x00\x00\x09")}.Append(file)
	file = flv.Tag{Type: flv.TagVideo, Body: []byte("\x17\x01\x00\x00\x00a frame that is long enough")}.Append(file)
	f := create(t, file)
	if s, err := flv.Recover(f); err != nil || s.VideoFrames != 1 {
		t.Errorf("Recover = %+v, %v, want one frame", s, err)
	}
	if !bytes.Equal(content(t, f), file) {
		t.Error("Recover changed the file")
	}
}

func TestAnInputErrorIsNoTornTail(t *testing.T) {
	t.Parallel()
	file, _ := record(testTracks, testUnits)
	f := &mediatest.File{Bytes: bytes.Clone(file), ReadLimit: int64(len(file) - 1)}
	if _, err := flv.Recover(f); !errors.Is(err, mediatest.ErrInput) {
		t.Errorf("Recover = %v, want the input error", err)
	}
	if !bytes.Equal(f.Bytes, file) {
		t.Error("Recover changed a file that it could not read")
	}
}

func FuzzRecoverFLV(f *testing.F) {
	whole, _ := record(testTracks, testUnits)
	f.Add(whole)
	f.Add(whole[:len(whole)-7])
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		file := &mediatest.File{Bytes: bytes.Clone(b)}
		s, err := flv.Recover(file)
		if err != nil {
			if !bytes.Equal(file.Bytes, b) {
				t.Errorf("Recover failed with %v, yet changed the file", err)
			}
			return
		}
		if s.Size != int64(len(file.Bytes)) || s.VideoFrames+s.AudioFrames == 0 {
			t.Errorf("Recover = %+v of a file of %d bytes", s, len(file.Bytes))
		}
		recovered := bytes.Clone(file.Bytes)
		if again, err := flv.Recover(file); err != nil || again != s || !bytes.Equal(file.Bytes, recovered) {
			t.Errorf("recovering again = %+v, %v, want %+v", again, err, s)
		}
		r, err := flv.NewReader(bytes.NewReader(file.Bytes))
		for err == nil {
			_, err = r.ReadTag()
		}
		if err != io.EOF {
			t.Errorf("a recovered file ends with %v", err)
		}
	})
}
