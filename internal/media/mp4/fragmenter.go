package mp4

import (
	"math"

	"tallylight/internal/media"
)

// Until there is a second frame, nobody knows how long the first one lasts: this
// many ticks.
const (
	usualVideo = timescale / 30
	usualAudio = timescale * 1024 / 48000
)

// maxUnits bounds the units of one fragment.
const maxUnits = 1 << 20

// A fragmenter makes the fragments of a file or of a row of segments.
type fragmenter struct {
	sequence uint32 // of the last fragment
	tracks   [2]trackWriter
	count    int // of tracks
}

// A trackWriter makes the part of one track in fragments.
type trackWriter struct {
	id    uint32
	kind  media.Kind
	codec media.Codec
	progress
}

// progress is how far a track has come.
type progress struct {
	started  bool
	dts      uint64 // of the last sample
	duration uint32 // of the sample before it
	runStart uint64 // DTS of the first sample in the last fragment
}

// add adds a track; those of lower identifiers come first.
func (f *fragmenter) add(id uint32, codec media.Codec) {
	t := trackWriter{id: id, kind: media.Audio, codec: codec, progress: progress{duration: usualAudio}}
	if id == videoTrackID {
		t.kind, t.duration = media.Video, usualVideo
	}
	f.tracks[f.count] = t
	f.count++
}

// append appends one fragment with the frames of the tracks, or nothing if
// there are none.
func (f *fragmenter) append(dst []byte, units []media.Unit) []byte {
	var runs [len(f.tracks)]struct{ samples, bytes, offsetAt int }
	tracks := f.tracks[:f.count]
	total := 0
	for i := range tracks {
		runs[i].samples, runs[i].bytes = tracks[i].extent(units)
		total += runs[i].samples
	}
	if total == 0 {
		return dst
	}
	f.sequence++
	dst, moof := beginBox(dst, "moof")
	dst, mfhd := beginFullBox(dst, "mfhd", 0, 0)
	dst = be.AppendUint32(dst, f.sequence)
	endBox(dst, mfhd)
	for i := range tracks {
		if runs[i].samples > 0 {
			dst, runs[i].offsetAt = tracks[i].appendTraf(dst, units, runs[i].samples)
		}
	}
	endBox(dst, moof)

	// Data offsets count from the start of the moof (section 8.8.8).
	offset := len(dst) - moof + boxHeaderSize
	for i := range tracks {
		if runs[i].samples > 0 {
			be.PutUint32(dst[runs[i].offsetAt:], uint32(offset))
			offset += runs[i].bytes
		}
	}
	dst, mdat := beginBox(dst, "mdat")
	for i := range tracks {
		dst = tracks[i].appendBodies(dst, units)
	}
	endBox(dst, mdat)
	return dst
}

// takes reports whether u is a frame of the track.
func (t *trackWriter) takes(u *media.Unit) bool {
	return u.Kind == t.kind && u.Codec == t.codec && !u.Config
}

// extent tells how much of a batch belongs to the track.
func (t *trackWriter) extent(units []media.Unit) (samples, bytes int) {
	for i := range units {
		if u := &units[i]; t.takes(u) {
			samples++
			bytes += len(u.Body)
		}
	}
	return samples, bytes
}

func (t *trackWriter) appendBodies(dst []byte, units []media.Unit) []byte {
	for i := range units {
		if u := &units[i]; t.takes(u) {
			dst = append(dst, u.Body...)
		}
	}
	return dst
}

// advance goes on to the next sample and returns its DTS.
func (p *progress) advance(u *media.Unit) (dts uint64) {
	dts = max(p.dts, uint64(max(0, ticks(u.DTS))))
	if p.started {
		p.duration = uint32(min(dts-p.dts, math.MaxUint32))
	}
	p.started, p.dts = true, dts
	return dts
}

// appendTraf appends the description of the track's samples in a fragment. The
// caller fills in the data offset, at offsetAt of dst.
//
// How long the batch's last sample lasts is not known yet: it is taken to last
// as long as the one before it. The next fragment tells its own DTS, so readers
// of a growing file are never off by more than this, and a finished file not at
// all.
func (t *trackWriter) appendTraf(dst []byte, units []media.Unit, count int) (_ []byte, offsetAt int) {
	run := uint32(audioRun)
	if t.kind == media.Video {
		run = videoRun
	}
	dst, traf := beginBox(dst, "traf")
	dst, tfhd := beginFullBox(dst, "tfhd", 0, offsetsFromMoof)
	dst = be.AppendUint32(dst, t.id)
	endBox(dst, tfhd)
	dst, tfdt := beginFullBox(dst, "tfdt", 1, 0)
	firstAt := len(dst)
	dst = be.AppendUint64(dst, 0)
	endBox(dst, tfdt)
	dst, trun := beginBox(dst, "trun")
	dst = be.AppendUint32(dst, run)
	dst = be.AppendUint32(dst, uint32(count))
	offsetAt = len(dst)
	dst = be.AppendUint32(dst, 0)

	durationAt := 0 // of the entry before
	for i := range units {
		u := &units[i]
		if !t.takes(u) {
			continue
		}
		dts := t.advance(u)
		if durationAt == 0 {
			t.runStart = dts
			be.PutUint64(dst[firstAt:], dts)
		} else {
			be.PutUint32(dst[durationAt:], t.duration)
		}
		durationAt = len(dst)
		dst = be.AppendUint32(dst, 0)
		dst = be.AppendUint32(dst, uint32(len(u.Body)))
		if t.kind == media.Video {
			dst = be.AppendUint32(dst, sampleFlags(u.Key))
			dst = be.AppendUint32(dst, uint32(ticks(u.PTS())-int64(dts)))
		}
	}
	be.PutUint32(dst[durationAt:], t.duration)
	endBox(dst, trun)
	endBox(dst, traf)
	return dst, offsetAt
}

func sampleFlags(key bool) uint32 {
	if key {
		return flagsSync
	}
	return flagsNonSync
}
