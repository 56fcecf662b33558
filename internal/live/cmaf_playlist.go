package live

import "strings"

// CMAFPlaylistKey returns the object key of an HLS playlist of a cmaf file, which
// is made of the file's own: of the media playlist of a kind of slices or, for
// SliceMuxed, of the multivariant playlist.
func CMAFPlaylistKey(objectKey string, k SliceKind) string {
	name := string(k)
	if k == SliceMuxed {
		name = string(FormatCMAF)
	}
	return strings.TrimSuffix(objectKey, FormatCMAF.Extension()) + "_" + name + FormatM3U8.Extension()
}
