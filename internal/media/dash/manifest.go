// Package dash writes the manifest of a recording that is played by MPEG-DASH
// (ISO/IEC 23009-1; comments cite its sections): a static MPD over segments of
// fragmented MP4, a track in each.
//
// Segments are listed one by one, since their names follow templates of the
// operator and not one that DASH knows. Hence the main profile, which has lists;
// the live profile and those of CMAF have templates only.
package dash

import "time"

// A Manifest is the MPD of a complete recording. Its periods are played one
// after the other.
type Manifest struct {
	Periods []Period // at least one
}

// A Period is a part of a recording without a break: its timestamps go on, its
// tracks do not change. What comes after a break has a period of its own.
type Period struct {
	Video, Audio *Track // at least one, both on one timeline
}

// A Track is one track of a period.
type Track struct {
	Codecs string // of RFC 6381
	// Bandwidth is the highest bit rate, in bits a second.
	Bandwidth     int64
	Width, Height int     // of the pictures; 0 if unknown
	FrameRate     float64 // frames a second; 0 if unknown
	SampleRate    int     // of the sound, samples a second; 0 if unknown
	Channels      int     // of the sound; 0 if unknown
	Init          string  // URI of the initialization section
	Segments      []Segment
}

// A Segment is one media segment of a track. Its URI is absolute or relative to
// the manifest.
type Segment struct {
	URI      string
	Start    time.Duration // timestamp of its first frame on the period's timeline
	Duration time.Duration
}

// Append appends the manifest as XML to b.
func (m Manifest) Append(b []byte) []byte {
	var total, longest time.Duration
	for i := range m.Periods {
		start, end := m.Periods[i].span()
		total += end - start
		longest = max(longest, m.Periods[i].longestSegment())
	}
	w := writer{b: b}
	w.raw(`<?xml version="1.0" encoding="UTF-8"?>`, "\n")
	w.open("MPD")
	w.attribute("xmlns", "urn:mpeg:dash:schema:mpd:2011")
	w.attribute("profiles", "urn:mpeg:dash:profile:isoff-main:2011")
	w.attribute("type", "static")
	w.duration("mediaPresentationDuration", total)
	w.duration("minBufferTime", longest)
	w.begin()
	var start time.Duration
	for i := range m.Periods {
		m.Periods[i].write(&w, i, start)
		from, to := m.Periods[i].span()
		start += to - from
	}
	w.end("MPD")
	return w.b
}

// tracks returns the tracks of the period.
func (p *Period) tracks() []*Track {
	var tracks []*Track
	for _, t := range []*Track{p.Video, p.Audio} {
		if t != nil {
			tracks = append(tracks, t)
		}
	}
	return tracks
}

// span returns from where to where the period's media lasts on its timeline.
func (p *Period) span() (start, end time.Duration) {
	first := true
	for _, t := range p.tracks() {
		for _, s := range t.Segments {
			if first || s.Start < start {
				start = s.Start
			}
			end, first = max(end, s.Start+s.Duration), false
		}
	}
	return start, end
}

func (p *Period) longestSegment() (longest time.Duration) {
	for _, t := range p.tracks() {
		for _, s := range t.Segments {
			longest = max(longest, s.Duration)
		}
	}
	return longest
}
