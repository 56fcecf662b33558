package record

import (
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
)

// missed says that nothing was recorded from one moment to another, at which what
// comes next came in.
func (r *recording) missed(from, to time.Time) {
	if r.gap == nil {
		r.gap = &live.Gap{From: from}
	}
	r.gap.To = to
}

// noteGap writes the gap before the segment into the rows of the files that go on
// behind it, and returns these, to be committed. Where the segment begins a file,
// the gap is between two files.
func (r *recording) noteGap() (changed []live.RecordFile) {
	if r.gap == nil {
		return nil
	}
	for _, o := range r.outputs {
		if o.file != nil && o.file.begun && o.untilCycleEnd(r.segment) > 0 {
			o.file.noteGap(*r.gap, r.segment)
			changed = append(changed, o.file.row)
		}
	}
	r.gap = nil
	return changed
}

// noteGap adds a gap with units behind it.
func (f *file) noteGap(g live.Gap, units []media.Unit) {
	if f.stop.Before(g.From) { // an encoder whose end was noticed late
		g.From = f.stop
	}
	g.At = max(firstDTS(units)-f.base, 0)
	f.row.Gaps.Add(g)
}
