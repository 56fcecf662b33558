package dash

import (
	"math"
	"strconv"
	"time"
)

// write writes the period (section 5.3.2), which is played from start on.
func (p *Period) write(w *writer, id int, start time.Duration) {
	from, to := p.span()
	w.open("Period")
	w.number("id", int64(id))
	w.duration("start", start)
	w.duration("duration", to-from)
	w.begin()
	if p.Video != nil {
		p.Video.write(w, "video", from)
	}
	if p.Audio != nil {
		p.Audio.write(w, "audio", from)
	}
	w.end("Period")
}

// write writes the track as an adaptation set of its own (section 5.3.3). The
// period begins at a time of the track's timeline.
func (t *Track) write(w *writer, contentType string, from time.Duration) {
	w.open("AdaptationSet")
	w.attribute("contentType", contentType)
	w.attribute("mimeType", contentType+"/mp4")
	w.attribute("segmentAlignment", "true")
	w.begin()
	t.writeRepresentation(w, contentType, from)
	w.end("AdaptationSet")
}

// writeRepresentation writes what the track is (section 5.3.5).
func (t *Track) writeRepresentation(w *writer, id string, from time.Duration) {
	w.open("Representation")
	w.attribute("id", id)
	if t.Codecs != "" {
		w.attribute("codecs", t.Codecs)
	}
	w.number("bandwidth", t.Bandwidth)
	if t.Width > 0 && t.Height > 0 {
		w.number("width", int64(t.Width))
		w.number("height", int64(t.Height))
	}
	if t.FrameRate > 0 {
		w.attribute("frameRate", frameRate(t.FrameRate))
	}
	if t.SampleRate > 0 {
		w.number("audioSamplingRate", int64(t.SampleRate))
	}
	w.begin()
	if t.Channels > 0 {
		w.open("AudioChannelConfiguration")
		w.attribute("schemeIdUri", "urn:mpeg:dash:23003:3:audio_channel_configuration:2011")
		w.number("value", int64(t.Channels))
		w.close()
	}
	t.writeSegments(w, from)
	w.end("Representation")
}

// frameRate returns a frame rate as the schema has it: a whole number or a
// fraction, which that of NTSC is.
func frameRate(rate float64) string {
	whole := math.Round(rate)
	if math.Abs(rate-whole) < 1e-3 {
		return strconv.FormatFloat(whole, 'f', 0, 64)
	}
	if ntsc := math.Round(rate * 1.001); math.Abs(rate*1.001-ntsc) < 1e-3 {
		return strconv.FormatFloat(ntsc*1000, 'f', 0, 64) + "/1001"
	}
	return strconv.FormatFloat(math.Round(rate*1000), 'f', 0, 64) + "/1000"
}

// timescale is that of the timelines, in ticks a second: the one of the segments.
const timescale = 90000

// ticks rounds d to the timescale.
func ticks(d time.Duration) int64 {
	seconds, rest := d/time.Second, d%time.Second
	return int64(seconds)*timescale + int64((rest*timescale+time.Second/2)/time.Second)
}

// writeSegments lists the segments and when they are played (section 5.3.9.3).
func (t *Track) writeSegments(w *writer, from time.Duration) {
	w.open("SegmentList")
	w.number("timescale", timescale)
	w.number("presentationTimeOffset", ticks(from))
	w.begin()
	w.open("Initialization")
	w.attribute("sourceURL", t.Init)
	w.close()
	w.open("SegmentTimeline")
	w.begin()
	t.writeTimeline(w)
	w.end("SegmentTimeline")
	for _, s := range t.Segments {
		w.open("SegmentURL")
		w.attribute("media", s.URI)
		w.close()
	}
	w.end("SegmentList")
}

// writeTimeline writes the times of the segments, one element for a row of
// segments that last equally long and follow each other (section 5.3.9.6).
func (t *Track) writeTimeline(w *writer) {
	for i := 0; i < len(t.Segments); {
		start, length := t.place(i)
		row := 1
		for i+row < len(t.Segments) {
			if s, l := t.place(i + row); s != start+int64(row)*length || l != length {
				break
			}
			row++
		}
		w.open("S")
		w.number("t", start)
		w.number("d", length)
		if row > 1 {
			w.number("r", int64(row-1))
		}
		w.close()
		i += row
	}
}

// place returns where segment i is on the timeline, in ticks. It ends where the
// next one begins if that is within the guess of how long the last frame lasts.
func (t *Track) place(i int) (start, length int64) {
	s := t.Segments[i]
	start = ticks(s.Start)
	end := ticks(s.Start + s.Duration)
	if i+1 < len(t.Segments) {
		next := ticks(t.Segments[i+1].Start)
		if guess := ticks(maxGuess); next > start && next-end < guess && end-next < guess {
			end = next
		}
	}
	return start, end - start
}

// maxGuess bounds by how much the end of a segment may be wrong: its last frame
// is taken to last as long as the one before.
const maxGuess = 100 * time.Millisecond
