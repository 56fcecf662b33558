package hls

import "time"

// A Segment is one media segment of a playlist.
type Segment struct {
	URI           string // absolute, or relative to the playlist: see RelativeURI
	Duration      time.Duration
	Size          int64     // bytes; not told, Bandwidth counts it
	Discontinuity bool      // it does not go on from the segment before (4.3.2.3)
	DateTime      time.Time // wall clock of its first frame; zero: not told (4.3.2.6)
}

// A MediaPlaylist lists the segments of a recording, or of one of its tracks.
//
// [MediaPlaylist.Append] makes the playlist of a complete recording. That of one
// which still runs is written by adding to its end alone: what
// [MediaPlaylist.AppendGrowing] makes, then each segment once it exists by
// [Segment.Append], and [AppendEnd] at last.
type MediaPlaylist struct {
	Segments []Segment
	// Map is the URI of the initialization section of all segments (4.3.2.5);
	// "" for MPEG-TS, which has none.
	Map string
	// IndependentSegments says that a player can begin at every segment (4.3.5.1).
	IndependentSegments bool
	// TargetDuration is what no segment is longer than, both rounded to the second
	// (4.3.3.1). Segments that are appended later must keep it too; where it is
	// shorter than one of Segments, that one's duration is told.
	TargetDuration time.Duration
}

// Append appends the playlist as text to b, complete: all its segments exist and
// none will follow.
func (p MediaPlaylist) Append(b []byte) []byte {
	return AppendEnd(p.append(b, "VOD"))
}

// AppendGrowing appends the playlist as text to b, open at its end for further
// segments.
func (p MediaPlaylist) AppendGrowing(b []byte) []byte {
	return p.append(b, "EVENT")
}

func (p MediaPlaylist) append(b []byte, playlistType string) []byte {
	version := int64(versionFractions)
	if p.Map != "" {
		version = versionMap
	}
	b = appendBegin(b, version)
	b = appendInt(b, "#EXT-X-TARGETDURATION:", p.targetSeconds())
	b = append(b, "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:"...)
	b = append(b, playlistType...)
	b = append(b, '\n')
	if p.IndependentSegments {
		b = append(b, "#EXT-X-INDEPENDENT-SEGMENTS\n"...)
	}
	if p.Map != "" {
		b = appendQuoted(b, "#EXT-X-MAP:URI=", p.Map)
		b = append(b, '\n')
	}
	for _, s := range p.Segments {
		b = s.Append(b)
	}
	return b
}

// targetSeconds returns the target duration, rounded to the nearest second as
// players round the durations that they read.
func (p MediaPlaylist) targetSeconds() int64 {
	longest := p.TargetDuration
	for _, s := range p.Segments {
		longest = max(longest, s.Duration)
	}
	return int64(longest.Round(time.Millisecond).Round(time.Second) / time.Second)
}

// Append appends the lines of the segment to b.
func (s Segment) Append(b []byte) []byte {
	if s.Discontinuity {
		b = append(b, "#EXT-X-DISCONTINUITY\n"...)
	}
	if !s.DateTime.IsZero() {
		b = append(b, "#EXT-X-PROGRAM-DATE-TIME:"...)
		b = s.DateTime.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
		b = append(b, '\n')
	}
	b = appendFloat(b, "#EXTINF:", s.Duration.Seconds())
	b = append(b, ",\n"...)
	b = append(b, s.URI...)
	return append(b, '\n')
}

// AppendEnd appends to b what says that no segment will follow (4.3.3.4).
func AppendEnd(b []byte) []byte { return append(b, "#EXT-X-ENDLIST\n"...) }
