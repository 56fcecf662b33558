// Package hls writes HTTP Live Streaming playlists (RFC 8216; comments cite its
// sections).
//
// A [MediaPlaylist] lists the segments of a recording, complete or while it
// grows; a [MultivariantPlaylist] names the media playlists of a recording whose
// tracks are apart. Both append text to the caller's buffer. Whether a player
// could read it is checked by the package hlstest.
package hls

import "strconv"

// Versions of the protocol (section 7): fractions in durations, and an
// initialization section.
const (
	versionFractions = 3
	versionMap       = 6
)

// appendBegin appends the lines that every playlist begins with.
func appendBegin(b []byte, version int64) []byte {
	b = appendInt(b, "#EXTM3U\n#EXT-X-VERSION:", version)
	return append(b, '\n')
}

// appendInt appends a number behind a name.
func appendInt(b []byte, name string, n int64) []byte {
	b = append(b, name...)
	return strconv.AppendInt(b, n, 10)
}

// appendFloat appends a number to the thousandth behind a name.
func appendFloat(b []byte, name string, f float64) []byte {
	b = append(b, name...)
	return strconv.AppendFloat(b, f, 'f', 3, 64)
}

// appendQuoted appends a string in quotes behind a name. The string must hold
// neither quotes nor line breaks; a URI does not.
func appendQuoted(b []byte, name, s string) []byte {
	b = append(b, name...)
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
