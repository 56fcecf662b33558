package mp4

import "math"

// samples are the sample tables of a track, built while its fragments are read.
// Memory is about 4 bytes a sample, plus 8 for each change of a duration or of a
// composition offset.
type samples struct {
	sizes     []uint32
	durations []run    // of all samples but the last
	offsets   []run    // composition offsets, signed
	sync      []uint32 // numbers of the sync samples, from 1
	chunks    []uint64 // offsets in the file
	perChunk  []chunkRun

	start   uint64 // DTS of the first sample
	last    uint64 // DTS of the last sample
	lastFor uint32 // how long that lasts
	minPTS  int64
}

// A run is a value that some samples in a row share.
type run struct {
	count uint32
	value uint32
}

// A chunkRun begins where the number of samples a chunk changes.
type chunkRun struct {
	firstChunk uint32 // from 1
	samples    uint32
}

// A sample is one access unit or audio frame.
type sample struct {
	dts         uint64
	duration    uint32
	composition int32
	size        uint32
	sync        bool
}

func (s *samples) count() int { return len(s.sizes) }

// duration returns how long the track's media lasts, in ticks.
func (s *samples) duration() uint64 { return s.end() - s.start }

// end returns when the last sample ends, in ticks.
func (s *samples) end() uint64 { return s.last + uint64(s.lastFor) }

// addChunk begins a chunk of n samples at an offset of the file.
func (s *samples) addChunk(offset uint64, n int) {
	s.chunks = append(s.chunks, offset)
	if last := len(s.perChunk) - 1; last < 0 || s.perChunk[last].samples != uint32(n) {
		s.perChunk = append(s.perChunk, chunkRun{firstChunk: uint32(len(s.chunks)), samples: uint32(n)})
	}
}

// add takes the next sample; its DTS is not before the last one's. That says how
// long the last one really lasted.
func (s *samples) add(a sample) {
	pts := int64(a.dts) + int64(a.composition)
	if s.count() == 0 {
		s.start, s.minPTS = a.dts, pts
	} else {
		s.durations = appendRun(s.durations, uint32(min(a.dts-s.last, math.MaxUint32)))
	}
	s.last, s.lastFor = a.dts, a.duration
	s.minPTS = min(s.minPTS, pts)
	s.sizes = append(s.sizes, a.size)
	s.offsets = appendRun(s.offsets, uint32(a.composition))
	if a.sync {
		s.sync = append(s.sync, uint32(s.count()))
	}
}

func appendRun(runs []run, value uint32) []run {
	if last := len(runs) - 1; last >= 0 && runs[last].value == value {
		runs[last].count++
		return runs
	}
	return append(runs, run{count: 1, value: value})
}

// appendTables appends the boxes of section 8.6 and 8.7 that describe the
// samples; those that would say nothing are left out, unless they are mandatory.
func (s *samples) appendTables(dst []byte) []byte {
	durations := s.durations
	if s.count() > 0 {
		durations = appendRun(durations, s.lastFor)
	}
	dst = appendRuns(dst, "stts", 0, durations)
	if len(s.offsets) > 1 || len(s.offsets) == 1 && s.offsets[0].value != 0 {
		dst = appendRuns(dst, "ctts", 1, s.offsets)
	}
	if len(s.sync) < s.count() {
		dst = appendNumbers(dst, "stss", s.sync)
	}
	dst = s.appendSTSC(dst)

	dst, box := beginFullBox(dst, "stsz", 0, 0)
	dst = be.AppendUint32(dst, 0) // sizes differ
	dst = be.AppendUint32(dst, uint32(s.count()))
	for _, size := range s.sizes {
		dst = be.AppendUint32(dst, size)
	}
	endBox(dst, box)
	return s.appendChunkOffsets(dst)
}

func appendRuns(dst []byte, typ string, version byte, runs []run) []byte {
	dst, box := beginFullBox(dst, typ, version, 0)
	dst = be.AppendUint32(dst, uint32(len(runs)))
	for _, r := range runs {
		dst = be.AppendUint32(dst, r.count)
		dst = be.AppendUint32(dst, r.value)
	}
	endBox(dst, box)
	return dst
}

func appendNumbers(dst []byte, typ string, numbers []uint32) []byte {
	dst, box := beginFullBox(dst, typ, 0, 0)
	dst = be.AppendUint32(dst, uint32(len(numbers)))
	for _, n := range numbers {
		dst = be.AppendUint32(dst, n)
	}
	endBox(dst, box)
	return dst
}

func (s *samples) appendSTSC(dst []byte) []byte {
	dst, box := beginFullBox(dst, "stsc", 0, 0)
	dst = be.AppendUint32(dst, uint32(len(s.perChunk)))
	for _, c := range s.perChunk {
		dst = be.AppendUint32(dst, c.firstChunk)
		dst = be.AppendUint32(dst, c.samples)
		dst = be.AppendUint32(dst, 1) // sample description
	}
	endBox(dst, box)
	return dst
}

// appendChunkOffsets appends stco, or co64 if the file is larger than 4 GiB.
func (s *samples) appendChunkOffsets(dst []byte) []byte {
	typ := "stco"
	if n := len(s.chunks); n > 0 && s.chunks[n-1] > math.MaxUint32 {
		typ = "co64"
	}
	dst, box := beginFullBox(dst, typ, 0, 0)
	dst = be.AppendUint32(dst, uint32(len(s.chunks)))
	for _, offset := range s.chunks {
		if typ == "co64" {
			dst = be.AppendUint64(dst, offset)
		} else {
			dst = be.AppendUint32(dst, uint32(offset))
		}
	}
	endBox(dst, box)
	return dst
}
