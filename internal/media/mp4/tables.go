package mp4

// parseTrack reads back the samples of a track from the payload of a trak box that
// appendTrak made; ok is false if it is not one, or if its tables contradict each
// other.
func (t *track) parseSamples(trak []byte) (ok bool) {
	stbl := findBox(trak, "mdia", "minf", "stbl")
	mdhd := findBox(trak, "mdia", "mdhd")
	if len(mdhd) < 24 || be.Uint32(mdhd[20:]) != timescale {
		return false
	}
	s := &t.samples
	if !s.parseSizes(findBox(stbl, "stsz")) || !s.parseDurations(findBox(stbl, "stts")) {
		return false
	}
	if s.count() == 0 {
		return true
	}
	mediaTime, ok := s.parseEdits(findBox(trak, "edts", "elst"))
	if !ok || s.start+s.last > maxDTS {
		return false
	}
	s.last += s.start
	s.minPTS = int64(s.start + mediaTime)
	return s.parseOffsets(findBox(stbl, "ctts")) &&
		s.parseSync(findBox(stbl, "stss")) &&
		s.parseChunks(findBox(stbl, "stsc"), findBox(stbl, "stco"), findBox(stbl, "co64"))
}

// entries returns the entries of n bytes that a full box holds behind their
// number; ok is false if the box does not hold what it says.
func entries(b []byte, n int) (list []byte, ok bool) {
	const header = 8
	if len(b) < header || uint64(be.Uint32(b[4:]))*uint64(n) != uint64(len(b)-header) {
		return nil, false
	}
	return b[header:], true
}

func (s *samples) parseSizes(stsz []byte) (ok bool) {
	if len(stsz) < 4 {
		return false
	}
	list, ok := entries(stsz[4:], 4) // sizes differ
	s.sizes = parseNumbers(list)
	return ok && be.Uint32(stsz[4:]) == 0
}

func parseNumbers(b []byte) []uint32 {
	numbers := make([]uint32, 0, len(b)/4)
	for ; len(b) > 0; b = b[4:] {
		numbers = append(numbers, be.Uint32(b))
	}
	return numbers
}

// parseRuns reads runs that cover all samples.
func (s *samples) parseRuns(b []byte) (runs []run, ok bool) {
	list, ok := entries(b, 8)
	if !ok {
		return nil, false
	}
	var total uint64
	runs = make([]run, 0, len(list)/8)
	for ; len(list) > 0; list = list[8:] {
		r := run{count: be.Uint32(list), value: be.Uint32(list[4:])}
		if r.count == 0 {
			return nil, false
		}
		runs = append(runs, r)
		total += uint64(r.count)
	}
	return runs, total == uint64(s.count())
}

// parseDurations sets last as if the track began at 0.
func (s *samples) parseDurations(stts []byte) (ok bool) {
	runs, ok := s.parseRuns(stts)
	if !ok || len(runs) == 0 {
		return ok
	}
	for _, r := range runs {
		s.last += uint64(r.count) * uint64(r.value)
		if s.last > maxDTS {
			return false
		}
	}
	final := &runs[len(runs)-1]
	s.lastFor = final.value
	s.last -= uint64(s.lastFor)
	if final.count--; final.count == 0 {
		runs = runs[:len(runs)-1]
	}
	s.durations = runs
	return true
}

// parseEdits reads where the track begins and returns from which composition time
// on, both in ticks.
func (s *samples) parseEdits(elst []byte) (mediaTime uint64, ok bool) {
	if elst == nil {
		return 0, true
	}
	list, ok := entries(elst, 20)
	if !ok || len(list) != 40 {
		return 0, false
	}
	empty := be.Uint64(list)
	mediaTime = be.Uint64(list[28:])
	if mediaTime > empty || empty > maxDTS {
		return 0, false
	}
	s.start = empty - mediaTime
	return mediaTime, true
}

func (s *samples) parseOffsets(ctts []byte) (ok bool) {
	if ctts == nil {
		s.offsets = []run{{count: uint32(s.count())}}
		return true
	}
	s.offsets, ok = s.parseRuns(ctts)
	return ok
}

func (s *samples) parseSync(stss []byte) (ok bool) {
	if stss == nil { // every sample
		s.sync = make([]uint32, s.count())
		for i := range s.sync {
			s.sync[i] = uint32(i + 1)
		}
		return true
	}
	list, ok := entries(stss, 4)
	s.sync = parseNumbers(list)
	return ok && len(s.sync) < s.count()
}

// parseChunks reads where the chunks are, by offsets of either width.
func (s *samples) parseChunks(stsc, stco, co64 []byte) (ok bool) {
	if co64 != nil {
		list, ok := entries(co64, 8)
		if !ok {
			return false
		}
		s.chunks = make([]uint64, 0, len(list)/8)
		for ; len(list) > 0; list = list[8:] {
			s.chunks = append(s.chunks, be.Uint64(list))
		}
	} else {
		list, ok := entries(stco, 4)
		if !ok {
			return false
		}
		s.chunks = make([]uint64, 0, len(list)/4)
		for ; len(list) > 0; list = list[4:] {
			s.chunks = append(s.chunks, uint64(be.Uint32(list)))
		}
	}
	list, ok := entries(stsc, 12)
	if !ok {
		return false
	}
	for ; len(list) > 0; list = list[12:] {
		s.perChunk = append(s.perChunk, chunkRun{firstChunk: be.Uint32(list), samples: be.Uint32(list[4:])})
	}
	return s.chunksHoldAll()
}

// chunksHoldAll reports whether the chunks hold every sample.
func (s *samples) chunksHoldAll() bool {
	next, total := uint64(1), uint64(0)
	for i, r := range s.perChunk {
		if uint64(r.firstChunk) != next || r.samples == 0 {
			return false
		}
		next = uint64(len(s.chunks)) + 1
		if i+1 < len(s.perChunk) {
			next = uint64(s.perChunk[i+1].firstChunk)
		}
		if next <= uint64(r.firstChunk) || next > uint64(len(s.chunks))+1 {
			return false
		}
		total += (next - uint64(r.firstChunk)) * uint64(r.samples)
		if total > uint64(s.count()) {
			return false
		}
	}
	return total == uint64(s.count()) && next == uint64(len(s.chunks))+1
}
