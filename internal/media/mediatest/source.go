package mediatest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"tallylight/internal/media"
)

// A Source is four seconds of media that ffmpeg made: a moving test picture of
// 320x180 at 25 frames a second, a key frame each second, and a tone.
type Source struct {
	Path   string // an MP4 file
	Tracks media.Tracks
	Units  []media.Unit // frames in the order of their DTS, configurations not among them
}

// Encoders that NewSource knows.
const (
	H264 = "libx264" // with B-frames
	HEVC = "libx265" // with B-frames
	AV1  = "libsvtav1"
	AAC  = "aac"
	MP3  = "libmp3lame"
	Opus = "libopus"
)

// encoded caches what ffmpeg made, by its arguments, for the tests of a package.
var encoded sync.Map // of string to func() ([]byte, error)

// NewSource encodes a source. Either encoder may be "" for none; audioArgs are
// options such as "-ar", "22050".
func NewSource(t testing.TB, video, audio string, audioArgs ...string) *Source {
	t.Helper()
	return NewLongSource(t, 4, video, audio, audioArgs...)
}

// NewLongSource encodes a source of that many seconds. options may also be such
// of the video's encoder.
func NewLongSource(t testing.TB, seconds int, video, audio string, options ...string) *Source {
	t.Helper()
	args := []string{"-v", "error", "-nostdin", "-y"}
	if video != "" {
		args = append(args, "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=320x180:rate=25:duration=%d", seconds))
	}
	if audio != "" {
		args = append(args, "-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:sample_rate=48000:duration=%d", seconds))
	}
	if video != "" {
		args = append(args, "-c:v", video, "-g", "25", "-pix_fmt", "yuv420p")
	}
	switch video {
	case H264:
		args = append(args, "-preset", "veryfast", "-bf", "2")
	case HEVC:
		args = append(args, "-preset", "ultrafast", "-x265-params", "bframes=2:log-level=none", "-tag:v", "hvc1")
	case AV1:
		args = append(args, "-preset", "12")
	}
	if audio != "" {
		args = append(args, "-c:a", audio, "-ac", "2")
	}
	args = append(args, options...)

	made, _ := encoded.LoadOrStore(fmt.Sprint(args), sync.OnceValues(func() ([]byte, error) { return encode(args) }))
	file, err := made.(func() ([]byte, error))()
	if err != nil {
		t.Fatal(err)
	}
	s := &Source{Path: filepath.Join(t.TempDir(), "source.mp4")}
	if err := os.WriteFile(s.Path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	s.demux(t, file)
	return s
}

func encode(args []string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "mediatest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "source.mp4")
	cmd := exec.Command("ffmpeg", append(args, path)...)
	if output, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, output)
	}
	return os.ReadFile(path)
}

// demux reads the tracks and frames of a plain MP4 file.
func (s *Source) demux(t testing.TB, file []byte) {
	t.Helper()
	f, err := mp4.DecodeFile(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, trak := range f.Moov.Traks {
		track, kind := newTrack(t, file, trak.Mdia.Minf.Stbl.Stsd)
		if kind == media.Video {
			s.Tracks.Video = track
		} else {
			s.Tracks.Audio = track
		}
		s.Units = append(s.Units, frames(t, f, trak, media.Unit{Kind: kind, Codec: track.Codec})...)
	}
	slices.SortStableFunc(s.Units, func(a, b media.Unit) int { return int(a.DTS - b.DTS) })
}

func newTrack(t testing.TB, file []byte, stsd *mp4.StsdBox) (*media.Track, media.Kind) {
	t.Helper()
	switch {
	case stsd.AvcX != nil:
		return &media.Track{Codec: media.H264, Config: payload(file, "avcC")}, media.Video
	case stsd.HvcX != nil:
		return &media.Track{Codec: media.HEVC, Config: payload(file, "hvcC")}, media.Video
	case stsd.Av01 != nil:
		return &media.Track{Codec: media.AV1, Config: payload(file, "av1C")}, media.Video
	case stsd.Opus != nil:
		return &media.Track{Codec: media.Opus, Config: opusHead(stsd.Opus.Dops)}, media.Audio
	case stsd.Mp4a != nil:
		config := stsd.Mp4a.Esds.DecConfigDescriptor
		if config.ObjectType == 0x40 {
			return &media.Track{Codec: media.AAC, Config: config.DecSpecificInfo.DecConfig}, media.Audio
		}
		return &media.Track{Codec: media.MP3}, media.Audio
	}
	t.Fatal("source has a track of an unknown coding")
	return nil, 0
}

// payload returns the payload of the only box of a type.
func payload(file []byte, typ string) []byte {
	at := bytes.Index(file, []byte(typ))
	size := int(binary.BigEndian.Uint32(file[at-4:]))
	return file[at+4 : at-4+size]
}

func opusHead(d *mp4.DopsBox) []byte {
	head := append([]byte("OpusHead"), 1, d.OutputChannelCount)
	head = binary.LittleEndian.AppendUint16(head, d.PreSkip)
	head = binary.LittleEndian.AppendUint32(head, d.InputSampleRate)
	head = binary.LittleEndian.AppendUint16(head, uint16(d.OutputGain))
	head = append(head, d.ChannelMappingFamily)
	if d.ChannelMappingFamily != 0 {
		head = append(head, d.StreamCount, d.CoupledCount)
	}
	return append(head, d.ChannelMapping...)
}

// frames returns the samples of a track as units like the one given.
func frames(t testing.TB, f *mp4.File, trak *mp4.TrakBox, like media.Unit) []media.Unit {
	t.Helper()
	stbl := trak.Mdia.Minf.Stbl
	scale := time.Duration(trak.Mdia.Mdhd.Timescale)
	units := make([]media.Unit, 0, stbl.Stsz.SampleNumber)
	for n := uint32(1); n <= stbl.Stsz.SampleNumber; n++ {
		u := like
		dts, _ := stbl.Stts.GetDecodeTime(n)
		u.DTS = time.Duration(dts) * time.Second / scale
		if stbl.Ctts != nil {
			u.Composition = time.Duration(stbl.Ctts.GetCompositionTimeOffset(n)) * time.Second / scale
		}
		u.Key = stbl.Stss == nil || stbl.Stss.IsSyncSample(n)
		var body bytes.Buffer
		if err := f.CopySampleData(&body, nil, trak, n, n, nil); err != nil {
			t.Fatal(err)
		}
		u.Body = body.Bytes()
		units = append(units, u)
	}
	return units
}

// Batches cuts units where batch begins to last longer, as a recorder does.
func Batches(units []media.Unit, batch time.Duration) [][]media.Unit {
	var batches [][]media.Unit
	start := 0
	for i := range units {
		if units[i].DTS-units[start].DTS >= batch {
			batches = append(batches, units[start:i])
			start = i
		}
	}
	return append(batches, units[start:])
}

// Milliseconds rounds the timestamps of units as RTMP does.
func Milliseconds(units []media.Unit) []media.Unit {
	rounded := slices.Clone(units)
	for i := range rounded {
		pts := rounded[i].PTS().Round(time.Millisecond)
		rounded[i].DTS = rounded[i].DTS.Round(time.Millisecond)
		rounded[i].Composition = pts - rounded[i].DTS
	}
	return rounded
}

// Batch returns half a second of made-up H264 video at 2.5 Mbit/s and 30 frames
// a second, and AAC audio, for benchmarks.
func Batch() []media.Unit {
	const frame = time.Second / 30
	var units []media.Unit
	for i := range time.Duration(15) {
		units = append(units,
			media.Unit{Kind: media.Video, Codec: media.H264, DTS: i * frame, Composition: 2 * frame, Body: make([]byte, 10_400)},
			media.Unit{Kind: media.Audio, Codec: media.AAC, Key: true, DTS: i * frame, Body: make([]byte, 350)})
	}
	return units
}
