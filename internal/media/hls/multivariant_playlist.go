package hls

// A MultivariantPlaylist names the media playlists of a recording whose video and
// audio are apart: one variant, the sound of which is a rendition of its own. A
// recording with a single track has a variant of that.
type MultivariantPlaylist struct {
	Video, Audio *Rendition // at least one
	// IndependentSegments says that a player can begin at every segment (4.3.5.1).
	IndependentSegments bool
}

// A Rendition is the media playlist of one track.
type Rendition struct {
	URI    string // of the media playlist, absolute or relative: see RelativeURI
	Codecs string // of RFC 6381; "" if unknown
	// Bandwidth is the highest bit rate, AverageBandwidth that of the whole, in
	// bits a second: see MediaPlaylist.Bandwidth. An average of 0 is not told.
	Bandwidth, AverageBandwidth int64
	Width, Height               int     // of the pictures; 0 if unknown
	FrameRate                   float64 // frames a second; 0 if unknown
	Channels                    int     // of the sound; 0 if unknown
}

// audioGroup names the only group of renditions.
const audioGroup = "audio"

// Append appends the playlist as text to b.
func (p MultivariantPlaylist) Append(b []byte) []byte {
	b = appendBegin(b, versionMap)
	if p.IndependentSegments {
		b = append(b, "#EXT-X-INDEPENDENT-SEGMENTS\n"...)
	}
	if p.Video == nil {
		return p.Audio.appendVariant(b, nil)
	}
	if p.Audio != nil {
		b = p.Audio.appendMedia(b)
	}
	return p.Video.appendVariant(b, p.Audio)
}

// appendMedia appends the line of a sound that belongs to a variant (4.3.4.1).
func (r *Rendition) appendMedia(b []byte) []byte {
	b = append(b, "#EXT-X-MEDIA:TYPE=AUDIO"...)
	b = appendQuoted(b, ",GROUP-ID=", audioGroup)
	b = appendQuoted(b, ",NAME=", audioGroup)
	b = append(b, ",DEFAULT=YES,AUTOSELECT=YES"...)
	if r.Channels > 0 {
		b = appendInt(b, `,CHANNELS="`, int64(r.Channels))
		b = append(b, '"')
	}
	b = appendQuoted(b, ",URI=", r.URI)
	return append(b, '\n')
}

// appendVariant appends the lines of a variant, whose sound may be apart
// (4.3.4.2). What that takes counts too.
func (r *Rendition) appendVariant(b []byte, audio *Rendition) []byte {
	peak, average, codecs := r.Bandwidth, r.AverageBandwidth, r.Codecs
	if audio != nil {
		peak += audio.Bandwidth
		average += audio.AverageBandwidth
		if codecs != "" && audio.Codecs != "" {
			codecs += "," + audio.Codecs
		} else {
			codecs = "" // half of them would tell that the rest is not there
		}
	}
	b = appendInt(b, "#EXT-X-STREAM-INF:BANDWIDTH=", peak)
	if average > 0 {
		b = appendInt(b, ",AVERAGE-BANDWIDTH=", average)
	}
	if codecs != "" {
		b = appendQuoted(b, ",CODECS=", codecs)
	}
	if r.Width > 0 && r.Height > 0 {
		b = appendInt(b, ",RESOLUTION=", int64(r.Width))
		b = appendInt(b, "x", int64(r.Height))
	}
	if r.FrameRate > 0 {
		b = appendFloat(b, ",FRAME-RATE=", r.FrameRate)
	}
	if audio != nil {
		b = appendQuoted(b, ",AUDIO=", audioGroup)
	}
	b = append(b, '\n')
	b = append(b, r.URI...)
	return append(b, '\n')
}
