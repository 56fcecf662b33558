package remux

import (
	"fmt"

	"tallylight/internal/media/mp4"
)

// MP4 indexes an MP4 file: a finished one by its moov box, one that still grows by
// the headers of its fragments.
func MP4(object Object) (*File, error) {
	index, end, err := mp4.ReadIndex(object, object.Size)
	if err != nil {
		return nil, err
	}
	b := &builder{file: &File{layout: asIs}, index: index}
	b.copy(0, end)
	return b.build(1)
}

// CMAF indexes the segments of a recording, in the order in which they are to lie
// in the file; those of a track come in their order. inits has the tracks'
// initialization sections, that of the video first. CMAF reads the headers of
// their fragments. The file begins with the first frame.
func CMAF(inits [][]byte, segments []Object) (*File, error) {
	index, err := mp4.NewSegmentIndex(inits...)
	if err != nil {
		return nil, err
	}
	b := &builder{file: &File{layout: asIs}, index: index}
	for i, s := range segments {
		if err := index.AddSegment(s, s.Size, b.media); err != nil {
			return nil, fmt.Errorf("segment %d: %w", i, err)
		}
		b.copy(i, s.Size)
	}
	index.Rebase()
	return b.build(len(segments))
}
