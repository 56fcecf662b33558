package mp4

// Flags of a sample, section 8.8.3.1: whether it depends on others, and whether
// it is no sync sample.
const (
	flagsSync    = 2 << 24
	flagsNonSync = 1<<24 | 1<<16
)

// Flags of tfhd and trun, sections 8.8.7 and 8.8.8.
const (
	offsetsFromMoof = 0x020000

	withDataOffset  = 0x000001
	withDuration    = 0x000100
	withSize        = 0x000200
	withFlags       = 0x000400
	withComposition = 0x000800

	// Versions stand in the upper byte; 1 makes composition offsets signed.
	videoRun = 1<<24 | withDataOffset | withDuration | withSize | withFlags | withComposition
	audioRun = 0<<24 | withDataOffset | withDuration | withSize

	videoEntrySize = 16
	audioEntrySize = 8
)

// maxDTS bounds the timestamps that are believed: a century, of which no sum
// overflows.
const maxDTS = 100 * 366 * 24 * 3600 * timescale

// A fragment is one moof box read back.
type fragment struct {
	runs []trackRun
}

// A trackRun is the samples of one track in a fragment.
type trackRun struct {
	id      uint32
	dts     uint64 // of the first sample
	offset  uint32 // of the first byte, from the start of the moof
	bytes   uint64 // of all samples
	entries []byte
}

// entrySize returns the size of a sample's entry in the trun of a track.
func entrySize(id uint32) int {
	if id == videoTrackID {
		return videoEntrySize
	}
	return audioEntrySize
}

func (r *trackRun) count() int { return len(r.entries) / entrySize(r.id) }

// addTo adds the run's samples to its track's tables. The moof begins at an
// offset of the file.
func (r *trackRun) addTo(s *samples, moof int64) {
	s.addChunk(uint64(moof)+uint64(r.offset), r.count())
	dts, n := r.dts, entrySize(r.id)
	for b := r.entries; len(b) > 0; b = b[n:] {
		a := sample{dts: dts, duration: be.Uint32(b), size: be.Uint32(b[4:]), sync: true}
		if r.id == videoTrackID {
			a.sync = be.Uint32(b[8:]) == flagsSync
			a.composition = int32(be.Uint32(b[12:]))
		}
		s.add(a)
		dts += uint64(a.duration)
	}
}

// parseMoof reads the payload of a moof box that AppendUnits made; ok is false
// if it is not one.
func parseMoof(b []byte) (f fragment, ok bool) {
	for len(b) > 0 {
		typ, payload, rest, ok := cutBox(b)
		if !ok {
			return fragment{}, false
		}
		b = rest
		if typ != "traf" {
			continue
		}
		r, ok := parseTraf(payload)
		if !ok || len(f.runs) > 0 && f.runs[len(f.runs)-1].id >= r.id {
			return fragment{}, false
		}
		f.runs = append(f.runs, r)
	}
	return f, len(f.runs) > 0
}

func parseTraf(b []byte) (r trackRun, ok bool) {
	tfhd, tfdt, trun := findBox(b, "tfhd"), findBox(b, "tfdt"), findBox(b, "trun")
	if len(tfhd) != 8 || len(tfdt) != 12 || len(trun) <= 12 {
		return trackRun{}, false
	}
	r = trackRun{
		id:      be.Uint32(tfhd[4:]),
		dts:     be.Uint64(tfdt[4:]),
		offset:  be.Uint32(trun[8:]),
		entries: trun[12:],
	}
	flags := uint32(audioRun)
	if r.id == videoTrackID {
		flags = videoRun
	}
	n := entrySize(r.id)
	if be.Uint32(trun) != flags || uint64(be.Uint32(trun[4:]))*uint64(n) != uint64(len(r.entries)) {
		return trackRun{}, false
	}
	end := r.dts
	for e := r.entries; len(e) > 0; e = e[n:] {
		end += uint64(be.Uint32(e))
		r.bytes += uint64(be.Uint32(e[4:]))
	}
	return r, r.dts <= maxDTS && end <= maxDTS
}
