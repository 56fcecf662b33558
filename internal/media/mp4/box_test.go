package mp4_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	mp4ff "github.com/Eyevinn/mp4ff/mp4"

	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mp4"
)

// parse has another library read a finished file.
func parse(t testing.TB, file []byte) *mp4ff.File {
	t.Helper()
	f, err := mp4ff.DecodeFile(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// finished returns the bytes of a finished file.
func finished(t testing.TB, tracks media.Tracks, batches ...[]media.Unit) []byte {
	t.Helper()
	file, _ := grow(tracks, batches)
	f := &mediatest.File{Bytes: file}
	if _, err := mp4.Recover(f); err != nil {
		t.Fatal(err)
	}
	return f.Bytes
}

func TestFinishedFileIsAPlainMP4(t *testing.T) {
	t.Parallel()
	f := parse(t, finished(t, testTracks, testBatches...))
	var types []string
	for _, box := range f.Children {
		types = append(types, box.Type())
	}
	if len(types) != 3 || types[0] != "ftyp" || types[1] != "mdat" || types[2] != "moov" || f.IsFragmented() {
		t.Errorf("boxes = %v, fragmented %t, want ftyp mdat moov and no fragments", types, f.IsFragmented())
	}
	if ctts := f.Moov.Traks[0].Mdia.Minf.Stbl.Ctts; ctts.Version != 1 || ctts.GetCompositionTimeOffset(2) != -3600 {
		t.Errorf("ctts has version %d and offset %d of frame 2, want 1 and -3600", ctts.Version, ctts.GetCompositionTimeOffset(2))
	}
	if video, audio := f.Moov.Traks[0].Tkhd.Volume, f.Moov.Traks[1].Tkhd.Volume; video != 0 || audio != 0x100 {
		t.Errorf("volume of video %#x, audio %#x, want 0 and 0x100", video, audio)
	}
	if elst := f.Moov.Traks[0].Edts; elst != nil {
		t.Errorf("track that begins at 0 has the edit list %+v", elst)
	}
}

func TestMP3IsDescribedByItsFrames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		frame      string
		sampleRate uint16
		channels   uint16
		objectType byte
	}{
		{"MPEG-1 at 44.1 kHz", "\xff\xfb\x90\x40", 44100, 2, 0x6b},
		{"MPEG-2 at 22.05 kHz, mono", "\xff\xf3\x80\xc0", 22050, 1, 0x69},
		{"nonsense", "nonsense", 0, 0, 0x6b},
		{"cut off", "\xff\xf3", 0, 0, 0x6b},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			unit := media.Unit{Kind: media.Audio, Codec: media.MP3, Key: true, Body: []byte(tt.frame)}
			f := parse(t, finished(t, media.Tracks{Audio: &media.Track{Codec: media.MP3}}, []media.Unit{unit}))
			entry := f.Moov.Trak.Mdia.Minf.Stbl.Stsd.Mp4a
			objectType := entry.Esds.DecConfigDescriptor.ObjectType
			if entry.SampleRate != tt.sampleRate || entry.ChannelCount != tt.channels || objectType != tt.objectType {
				t.Errorf("entry has %d Hz, %d channels, object type %#x, want %d, %d, %#x",
					entry.SampleRate, entry.ChannelCount, objectType, tt.sampleRate, tt.channels, tt.objectType)
			}
		})
	}
}

func TestSampleRatesThatAnEntryCannotHoldAreLeftToTheConfiguration(t *testing.T) {
	t.Parallel()
	at96kHz := media.Tracks{Audio: &media.Track{Codec: media.AAC, Config: []byte{0x10, 0x10}}}
	f := parse(t, finished(t, at96kHz, testBatches[0]))
	if rate := f.Moov.Trak.Mdia.Minf.Stbl.Stsd.Mp4a.SampleRate; rate != 0 {
		t.Errorf("entry has %d Hz, want 0", rate)
	}
}

// The recorder never lets a DTS fall. If it did, only that frame would suffer.
func TestDTSThatFallsIsHeld(t *testing.T) {
	t.Parallel()
	frame := func(dts, composition time.Duration) media.Unit {
		return media.Unit{Kind: media.Video, Codec: media.H264, DTS: dts, Composition: composition, Body: []byte("frame")}
	}
	f := parse(t, finished(t, media.Tracks{Video: testTracks.Video},
		[]media.Unit{frame(0, 0), frame(100*time.Millisecond, 0)},
		[]media.Unit{frame(60*time.Millisecond, 80*time.Millisecond), frame(140*time.Millisecond, 0)}))
	stbl := f.Moov.Trak.Mdia.Minf.Stbl
	dts, _ := stbl.Stts.GetDecodeTime(3)
	pts := int64(dts) + int64(stbl.Ctts.GetCompositionTimeOffset(3))
	if dts != 9000 || pts != 12600 {
		t.Errorf("frame 3 has DTS %d and PTS %d, want 9000 and 12600", dts, pts)
	}
}

// growLarge makes a file of six frames of 1 GiB, which are holes, a second
// apart. It returns where each frame begins, and where the file ends.
func growLarge(t *testing.T) (f *os.File, offsets []uint64, size int64) {
	t.Helper()
	const frameSize = 1 << 30
	f, err := os.Create(filepath.Join(t.TempDir(), "recording.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w := mp4.NewWriter(media.Tracks{Video: testTracks.Video})
	header := w.AppendHeader(nil)
	if _, err := f.Write(header); err != nil {
		t.Fatal(err)
	}
	size = int64(len(header))
	for i := range time.Duration(6) {
		fragment := w.AppendUnits(nil, []media.Unit{{Kind: media.Video, Codec: media.H264, Key: true, DTS: i * time.Second, Body: []byte("x")}})
		setSize := func(at int, size uint32) {
			fragment[at], fragment[at+1], fragment[at+2], fragment[at+3] = byte(size>>24), byte(size>>16), byte(size>>8), byte(size)
		}
		setSize(bytes.Index(fragment, []byte("trun"))+20, frameSize)
		setSize(bytes.Index(fragment, []byte("mdat"))-4, frameSize+8)
		if _, err := f.WriteAt(fragment, size); err != nil {
			t.Fatal(err)
		}
		offsets = append(offsets, uint64(size)+uint64(len(fragment)-1))
		size += int64(len(fragment)) - 1 + frameSize
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return f, offsets, size
}

func TestFilesGrowBeyond4GiB(t *testing.T) {
	t.Parallel()
	f, offsets, at := growLarge(t)
	s, err := mp4.Recover(f)
	if err != nil || s.VideoFrames != len(offsets) || s.Size <= at {
		t.Fatalf("Recover = %+v, %v, want %d frames", s, err, len(offsets))
	}
	checkChunks(t, f, at, s.Size, offsets)
	var mdat [16]byte
	if _, err := f.ReadAt(mdat[:], 28); err != nil {
		t.Fatal(err)
	}
	if want := "\x00\x00\x00\x01mdat"; string(mdat[:8]) != want {
		t.Errorf("mdat header = %q, want %q", mdat[:8], want)
	}
}

// readCounter counts what is read of a file.
type readCounter struct {
	*os.File
	bytes int
}

func (c *readCounter) ReadAt(b []byte, offset int64) (int, error) {
	n, err := c.File.ReadAt(b, offset)
	c.bytes += n
	return n, err
}

func TestFilesBeyond4GiBReopenWithoutReadingTheMedia(t *testing.T) {
	t.Parallel()
	f, offsets, at := growLarge(t)
	counted := &readCounter{File: f}
	w, s, err := mp4.Reopen(counted, media.Tracks{Video: testTracks.Video})
	if err != nil || s.Size != at {
		t.Fatalf("Reopen = %+v, %v, want %d bytes", s, err, at)
	}
	if counted.bytes > 64<<10 {
		t.Errorf("Reopen read %d bytes, want the headers of %d fragments", counted.bytes, len(offsets))
	}
	next := w.AppendUnits(nil, []media.Unit{{Kind: media.Video, Codec: media.H264, Key: true, DTS: 6 * time.Second, Body: []byte("last")}})
	if _, err := f.WriteAt(next, at); err != nil {
		t.Fatal(err)
	}
	offsets = append(offsets, uint64(at)+uint64(len(next)-len("last")))
	at += int64(len(next))
	if s, err = w.Finish(f); err != nil || s.VideoFrames != len(offsets) || s.Duration != 7*time.Second {
		t.Fatalf("Finish = %+v, %v, want %d frames", s, err, len(offsets))
	}
	checkChunks(t, f, at, s.Size, offsets)
}

// checkChunks reads where the moov between two offsets says that frames begin.
func checkChunks(t *testing.T, f *os.File, from, to int64, want []uint64) {
	t.Helper()
	moov := make([]byte, to-from)
	if _, err := f.ReadAt(moov, from); err != nil {
		t.Fatal(err)
	}
	stbl := parse(t, moov).Moov.Trak.Mdia.Minf.Stbl
	if stbl.Co64 == nil || stbl.Stco != nil {
		t.Fatal("file has no co64 box, or an stco box beside it")
	}
	if !slices.Equal(stbl.Co64.ChunkOffset, want) {
		t.Errorf("chunks begin at %d, want %d", stbl.Co64.ChunkOffset, want)
	}
}
