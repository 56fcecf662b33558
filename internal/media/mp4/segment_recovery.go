package mp4

import (
	"fmt"
	"math"

	"tallylight/internal/media"
)

// RecoverSegment completes a segment that its writer could not: it drops what
// follows the last whole fragment, and syncs. It reads the fragments' headers
// and not the media. A whole segment stays as it is. If the file has no whole
// fragment, RecoverSegment leaves it alone and returns media.ErrNoMedia; an input
// error is no reason to drop anything.
func RecoverSegment(f media.File) (media.Summary, error) {
	s, err := recoverSegment(f)
	if err != nil {
		return media.Summary{}, fmt.Errorf("recover segment: %w", err)
	}
	return s, nil
}

func recoverSegment(f media.File) (media.Summary, error) {
	info, err := f.Stat()
	if err != nil {
		return media.Summary{}, err
	}
	r := &boxReader{f: f, size: info.Size()}
	styp, end, err := r.box(0, "styp", usualBox, usualBox)
	if err != nil {
		return media.Summary{}, err
	}
	if styp == nil {
		return media.Summary{}, media.ErrNoMedia
	}
	// A segment does not say which track it has.
	m := &movie{end: end, tracks: []*track{{id: videoTrackID}, {id: audioTrackID}}}
	if err := r.allFragments(m); err != nil {
		return media.Summary{}, err
	}
	if m.end < info.Size() {
		if err := f.Truncate(m.end); err != nil {
			return media.Summary{}, err
		}
	}
	return m.segmentSummary(), f.Sync()
}

// segmentSummary tells what a segment holds, which begins anywhere.
func (m *movie) segmentSummary() media.Summary {
	start, end := uint64(math.MaxUint64), uint64(0)
	for _, t := range m.tracks {
		start, end = min(start, t.samples.start), max(end, t.samples.end())
	}
	s := m.summary()
	s.Start, s.Duration = duration(start), duration(end-start)
	return s
}
