package record

import (
	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/codec"
	"tallylight/internal/media/dash"
	"tallylight/internal/media/hls"
)

// cmafIndex makes a media playlist for each track and a multivariant playlist of
// them, for HLS, and a manifest for DASH, which is the file's own object.
func cmafIndex(row live.RecordFile, slices []live.Slice) []indexObject {
	var (
		objects      []indexObject
		multivariant hls.MultivariantPlaylist
		tracks       = tracksOf(row.Tracks)
		period       dash.Period
	)
	for _, t := range []struct {
		kind    live.SliceKind
		track   *media.Track
		variant **hls.Rendition
		dash    **dash.Track
	}{
		{live.SliceVideo, tracks.Video, &multivariant.Video, &period.Video},
		{live.SliceAudio, tracks.Audio, &multivariant.Audio, &period.Audio},
	} {
		list, initial := ofKind(slices, t.kind), ofKind(slices, t.kind.Init())
		if t.track == nil || list == nil || initial == nil {
			continue
		}
		key := live.CMAFPlaylistKey(row.ObjectKey, t.kind)
		c := newCMAFTrack(*t.track, list, initial[0], key)
		objects = append(objects, indexObject{key, c.list.Append(nil)})
		*t.variant = c.rendition(hls.RelativeURI(row.ObjectKey, key))
		*t.dash = c.dash(row.ObjectKey)
	}
	if objects == nil {
		return nil
	}
	return append(objects,
		indexObject{live.CMAFPlaylistKey(row.ObjectKey, live.SliceMuxed), multivariant.Append(nil)},
		indexObject{row.ObjectKey, dash.Manifest{Periods: []dash.Period{period}}.Append(nil)})
}

// A cmafTrack is a track of a file and what is known of it.
type cmafTrack struct {
	slices  []live.Slice
	initial live.Slice
	info    codec.Info
	list    hls.MediaPlaylist
	peak    int64 // bits a second
	average int64
}

// newCMAFTrack returns the track whose playlist will be stored under key.
func newCMAFTrack(t media.Track, slices []live.Slice, initial live.Slice, key string) cmafTrack {
	c := cmafTrack{slices: slices, initial: initial}
	c.info, _ = codec.Parse(t) // what cannot be read is not told
	c.list = hls.MediaPlaylist{Segments: segments(key, slices), Map: hls.RelativeURI(key, initial.ObjectKey)}
	c.peak, c.average = c.list.Bandwidth()
	return c
}

func (c cmafTrack) rendition(uri string) *hls.Rendition {
	return &hls.Rendition{
		URI: uri, Codecs: c.info.Codecs, Bandwidth: c.peak, AverageBandwidth: c.average,
		Width: c.info.Width, Height: c.info.Height, FrameRate: c.info.FrameRate, Channels: c.info.Channels,
	}
}

func (c cmafTrack) dash(from string) *dash.Track {
	t := &dash.Track{
		Codecs: c.info.Codecs, Bandwidth: c.peak,
		Width: c.info.Width, Height: c.info.Height, FrameRate: c.info.FrameRate,
		SampleRate: c.info.SampleRate, Channels: c.info.Channels,
		Init: hls.RelativeURI(from, c.initial.ObjectKey),
	}
	for _, s := range c.slices {
		t.Segments = append(t.Segments, dash.Segment{URI: hls.RelativeURI(from, s.ObjectKey), Start: s.Offset, Duration: s.Duration})
	}
	return t
}
