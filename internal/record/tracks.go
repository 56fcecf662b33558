package record

import (
	"slices"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/codec"
)

// A trackSet is what an encoder has announced, or what a file holds.
type trackSet media.Tracks

func (s trackSet) empty() bool    { return s.Video == nil && s.Audio == nil }
func (s trackSet) complete() bool { return s.Video != nil && s.Audio != nil }

// of returns the place of the track that units of kind k belong to.
func (s *trackSet) of(k media.Kind) **media.Track {
	if k == media.Video {
		return &s.Video
	}
	return &s.Audio
}

func sameTrack(a, b *media.Track) bool {
	return a == b || a != nil && b != nil && a.Equal(*b)
}

func (s trackSet) equal(o trackSet) bool {
	return sameTrack(s.Video, o.Video) && sameTrack(s.Audio, o.Audio)
}

// learn takes what u tells of its track: a decoder configuration, or the mere
// coding where that has none. The body is copied.
func (s *trackSet) learn(u *media.Unit) {
	if u.Kind == media.Data || u.Codec == media.CodecUnknown || !u.Config && u.Codec != media.MP3 {
		return
	}
	track := s.of(u.Kind)
	if *track != nil && (*track).Codec == u.Codec && (!u.Config || slices.Equal((*track).Config, u.Body)) {
		return
	}
	*track = &media.Track{Codec: u.Codec}
	if u.Config {
		(*track).Config = slices.Clone(u.Body)
	}
}

// holds reports whether u can be decoded with the tracks of the set.
func (s trackSet) holds(u *media.Unit) bool {
	return u.Kind == media.Data || media.Tracks(s).Of(u) != nil
}

// startsFile reports whether a file of these tracks can begin with u.
func (s trackSet) startsFile(u *media.Unit) bool {
	if s.Video != nil {
		return u.Kind == media.Video && u.Key
	}
	return u.Kind == media.Audio
}

// startsAmong reports whether a file of these tracks can begin with one of the units.
func (s trackSet) startsAmong(units []media.Unit) bool {
	return slices.ContainsFunc(units, func(u media.Unit) bool { return s.startsFile(&u) })
}

// sound returns the set without its video.
func (s trackSet) sound() trackSet { return trackSet{Audio: s.Audio} }

// rows returns the tracks as the store keeps them.
func (s trackSet) rows() []live.Track {
	var list []live.Track
	for _, t := range []*media.Track{s.Video, s.Audio} {
		if t != nil {
			list = append(list, live.Track{Codec: t.Codec.String(), Config: t.Config})
		}
	}
	return list
}

// codecs returns the names of the codings, that of the video first.
func (s trackSet) codecs() []string {
	var names []string
	for _, t := range s.rows() {
		names = append(names, t.Codec)
	}
	return names
}

// tracksOf is the inverse of rows.
func tracksOf(rows []live.Track) trackSet { return trackSet(media.StoredTracks(rows)) }

// pictureSize returns the size of the pictures, 0 where unknown.
func (s trackSet) pictureSize() (width, height int) {
	if s.Video == nil {
		return 0, 0
	}
	info, err := codec.Parse(*s.Video)
	if err != nil {
		return 0, 0
	}
	return info.Width, info.Height
}
