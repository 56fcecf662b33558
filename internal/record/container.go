package record

import (
	"io"
	"os"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mp4"
	"tallylight/internal/media/mpegts"
)

// A container turns units into the bytes of one file, or of one slice after the
// other.
type container interface {
	// AppendHeader appends what a file or slice begins with.
	AppendHeader(dst []byte) []byte
	// AppendUnits appends those of the units that it holds.
	AppendUnits(dst []byte, units []media.Unit) []byte
	// end ends the file or slice and returns how it is completed once all that was
	// appended is written. The next AppendHeader begins another slice.
	end() finisher
}

// A finisher completes a file and syncs it. It returns media.ErrNoMedia if nothing
// playable is in it.
type finisher func(media.File) (media.Summary, error)

// A strand is one of the files that an output writes side by side: one, except
// for cmaf, which has one for each track.
type strand struct {
	container
	kind    live.SliceKind
	suffix  string // of names in the spool, and of the object keys of slices
	initial *initSegment
}

// An initSegment is what the slices of a cmaf track need beside them.
type initSegment struct {
	kind    live.SliceKind
	suffix  string
	content []byte
}

// A format says how a container format is written.
type format struct {
	// holds reports whether a coding can be stored.
	holds func(media.Codec) bool
	// open returns the strands of a new file.
	open func(media.Tracks) []strand
	// recover completes a file, or a slice, of which only the bytes are known: it
	// drops a torn end.
	recover finisher
	// reopen continues a file after a crash; nil for sliced formats, which begin
	// another slice.
	reopen func(media.File, media.Tracks) (container, media.Summary, error)
	// index names the slices of a file; nil for formats without slices.
	index indexer
	// continuous says that the same strands serve all files of a recording, so
	// that the timestamps of slices go on from file to file.
	continuous bool
}

func (f *format) sliced() bool { return f.index != nil }

// formats are the formats that can be recorded.
var formats = map[live.Format]*format{
	live.FormatFLV: {
		holds:   every,
		open:    func(t media.Tracks) []strand { return []strand{{container: plain{flv.NewWriter(t)}, suffix: ".flv"}} },
		recover: flv.Recover,
		reopen: func(f media.File, t media.Tracks) (container, media.Summary, error) {
			w, summary, err := flv.Reopen(f, t)
			return plain{w}, summary, err
		},
	},
	live.FormatMP4: {
		holds:   every,
		open:    func(t media.Tracks) []strand { return []strand{{container: plain{mp4.NewWriter(t)}, suffix: ".mp4"}} },
		recover: mp4.Recover,
		reopen: func(f media.File, t media.Tracks) (container, media.Summary, error) {
			w, summary, err := mp4.Reopen(f, t)
			return plain{w}, summary, err
		},
	},
	live.FormatM3U8: {
		holds: mpegts.Holds,
		open: func(t media.Tracks) []strand {
			return []strand{{container: tsSlices{mpegts.NewMuxer(t)}, suffix: sliceSuffix(live.SliceMuxed)}}
		},
		recover:    mpegts.Recover,
		index:      m3u8Index,
		continuous: true,
	},
	live.FormatCMAF: {
		holds:   every,
		open:    cmafStrands,
		recover: mp4.RecoverSegment,
		index:   cmafIndex,
	},
}

func every(media.Codec) bool { return true }

// cmafStrands returns a strand for each track.
func cmafStrands(t media.Tracks) []strand {
	var list []strand
	for _, s := range []struct {
		track         *media.Track
		of            media.Kind
		kind, initial live.SliceKind
	}{
		{t.Video, media.Video, live.SliceVideo, live.SliceVideoInit},
		{t.Audio, media.Audio, live.SliceAudio, live.SliceAudioInit},
	} {
		if s.track == nil {
			continue
		}
		w := mp4.NewSegmentWriter(*s.track, s.of)
		list = append(list, strand{
			container: cmafSlices{w},
			kind:      s.kind,
			suffix:    sliceSuffix(s.kind),
			initial:   &initSegment{kind: s.initial, suffix: sliceSuffix(s.initial), content: w.AppendInit(nil)},
		})
	}
	return list
}

// plain is the container of a format without slices.
type plain struct {
	writer interface {
		AppendHeader(dst []byte) []byte
		AppendUnits(dst []byte, units []media.Unit) []byte
		Finish(media.File) (media.Summary, error)
	}
}

func (p plain) AppendHeader(dst []byte) []byte { return p.writer.AppendHeader(dst) }
func (p plain) AppendUnits(dst []byte, units []media.Unit) []byte {
	return p.writer.AppendUnits(dst, units)
}
func (p plain) end() finisher { return p.writer.Finish }

type tsSlices struct{ *mpegts.Muxer }

func (s tsSlices) end() finisher { return s.EndSlice().Finish }

type cmafSlices struct{ *mp4.SegmentWriter }

func (s cmafSlices) end() finisher { return s.EndSlice().Finish }

// A spoolFile is a file that grows at its end and is finished in place.
type spoolFile interface {
	media.File
	io.WriteSeeker
	io.Closer
}

func createSpoolFile(path string) (spoolFile, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
}

// openSpoolFile opens a spool file of the last run, to be written at its end.
func openSpoolFile(path string) (spoolFile, error) {
	return os.OpenFile(path, os.O_RDWR, 0)
}
