// Package hls writes HTTP Live Streaming playlists (RFC 8216).
package hls

import (
	"strconv"
	"time"
)

// A Segment is one media segment of a playlist.
type Segment struct {
	URI           string // absolute, or relative to the playlist
	Duration      time.Duration
	Discontinuity bool      // it does not go on from the segment before (4.3.2.3)
	DateTime      time.Time // wall clock of its first frame; zero: not told (4.3.2.6)
}

// A MediaPlaylist is complete: all its segments exist and none will follow.
type MediaPlaylist struct {
	Segments []Segment
}

// version is 3 for the fractions in durations (RFC 8216, 7).
const version = 3

// Append appends the playlist as text to b.
func (p MediaPlaylist) Append(b []byte) []byte {
	b = append(b, "#EXTM3U\n#EXT-X-VERSION:"...)
	b = strconv.AppendInt(b, version, 10)
	b = append(b, "\n#EXT-X-TARGETDURATION:"...)
	b = strconv.AppendInt(b, p.targetDuration(), 10)
	b = append(b, "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"...)
	for _, s := range p.Segments {
		b = s.append(b)
	}
	return append(b, "#EXT-X-ENDLIST\n"...)
}

// targetDuration returns the longest duration, rounded to the nearest second
// (4.3.3.1).
func (p MediaPlaylist) targetDuration() int64 {
	var longest time.Duration
	for _, s := range p.Segments {
		longest = max(longest, s.Duration)
	}
	return int64(longest.Round(time.Second) / time.Second)
}

func (s Segment) append(b []byte) []byte {
	if s.Discontinuity {
		b = append(b, "#EXT-X-DISCONTINUITY\n"...)
	}
	if !s.DateTime.IsZero() {
		b = append(b, "#EXT-X-PROGRAM-DATE-TIME:"...)
		b = s.DateTime.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
		b = append(b, '\n')
	}
	b = append(b, "#EXTINF:"...)
	b = strconv.AppendFloat(b, s.Duration.Seconds(), 'f', 3, 64)
	b = append(b, ",\n"...)
	b = append(b, s.URI...)
	return append(b, '\n')
}
