package mpegts

import (
	"fmt"
	"math"
	"time"

	"tallylight/internal/media"
)

// A Slice is the facts of a slice that was written. It is a small value that
// may go to another goroutine.
type Slice struct {
	size         int64 // bytes appended
	video, audio progress
}

// Finish completes the file that took all that the Muxer appended for the slice;
// it only has to be synced. A file of another size, because a write failed, is
// recovered. The Summary's Duration runs from the first DTS to the end of the
// last frame; a frame alone lasts as long as the one before it in the slice
// before. If the slice has no frame, the error is media.ErrNoMedia.
func (s Slice) Finish(f media.File) (media.Summary, error) {
	info, err := f.Stat()
	if err != nil {
		return media.Summary{}, fmt.Errorf("finish mpegts: %w", err)
	}
	if info.Size() != s.size {
		return Recover(f)
	}
	return s.finish(f)
}

func (s Slice) finish(f media.File) (media.Summary, error) {
	if s.video.frames+s.audio.frames == 0 {
		return media.Summary{}, fmt.Errorf("finish mpegts: %w", media.ErrNoMedia)
	}
	if err := f.Sync(); err != nil {
		return media.Summary{}, fmt.Errorf("finish mpegts: %w", err)
	}
	return media.Summary{
		Duration:    s.duration(),
		Size:        s.size,
		VideoFrames: s.video.frames,
		AudioFrames: s.audio.frames,
	}, nil
}

// duration returns the time from the first frame to the end of the last one.
func (s Slice) duration() time.Duration {
	first, end := int64(math.MaxInt64), int64(math.MinInt64)
	for _, p := range []progress{s.video, s.audio} {
		if p.frames > 0 {
			first = min(first, p.first)
			end = max(end, p.last+p.delta)
		}
	}
	return duration(max(0, end-first))
}

// progress is what a slice has of a track. Times are ticks of the recording.
type progress struct {
	frames      int
	first, last int64 // DTS of the first and the last frame
	delta       int64 // from the frame before the last one, maybe in the slice before
	follows     bool  // there was a frame before
}

func (p *progress) add(dts int64) {
	if p.frames == 0 {
		p.first = dts
	}
	if p.follows {
		p.delta = max(0, dts-p.last)
	}
	p.frames++
	p.last, p.follows = dts, true
}

// next returns the progress of the next slice.
func (p progress) next() progress {
	p.frames = 0
	return p
}
