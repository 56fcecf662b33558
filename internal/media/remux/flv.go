package remux

import (
	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mp4"
)

// FLV indexes an FLV file with the given tracks. It reads the headers of its tags.
func FLV(object Object, tracks media.Tracks) (*File, error) {
	b := newBuilder(tags, tracks)
	err := flv.Scan(object, object.Size, tracks, func(f flv.Frame) error {
		if f.Kind == media.Audio {
			b.sound(f.Head)
		}
		b.add(f.Kind, mp4.Sample{DTS: f.DTS, Composition: f.Composition, Size: f.Size, Key: f.Key}, 0, f.Tag, f.End)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return b.build(1)
}
