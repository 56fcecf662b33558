package dash_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/codec"
	"tallylight/internal/media/dash"
	"tallylight/internal/media/hls"
	"tallylight/internal/media/hls/hlstest"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mp4"
)

// A bucket holds the objects of a recording by their keys, and serves them.
type bucket map[string][]byte

func (b bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	object, ok := b[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, path.Base(r.URL.Path), time.Time{}, bytes.NewReader(object))
}

// The keys need much care in URIs.
const (
	folder      = "live/50% of #1?/2026-11-23-08:00:00"
	playlistKey = folder + "/all tracks.m3u8"
	manifestKey = folder + "/manifest.mpd"
)

// put makes a CMAF recording of the units, a segment a second, and what plays it.
func (b bucket) put(t *testing.T, tracks media.Tracks, units []media.Unit) {
	t.Helper()
	all := hls.MultivariantPlaylist{IndependentSegments: true}
	var period dash.Period
	if tracks.Video != nil {
		all.Video, period.Video = b.putTrack(t, *tracks.Video, media.Video, units)
	}
	if tracks.Audio != nil {
		all.Audio, period.Audio = b.putTrack(t, *tracks.Audio, media.Audio, units)
	}
	b[playlistKey] = all.Append(nil)
	b[manifestKey] = dash.Manifest{Periods: []dash.Period{period}}.Append(nil)
	checkXML(t, b[manifestKey])
	for key, object := range b {
		if path.Ext(key) == ".m3u8" {
			if err := hlstest.Validate(object); err != nil {
				t.Errorf("%s: %v\n%s", key, err, object)
			}
		}
	}
}

func (b bucket) putTrack(t *testing.T, track media.Track, kind media.Kind, units []media.Unit) (*hls.Rendition, *dash.Track) {
	t.Helper()
	key := func(name string) string { return fmt.Sprintf("%s/%s/%s", folder, kind, name) }
	listKey, initKey := key("08:00.m3u8"), key("08:00 init.mp4")
	units = slices.DeleteFunc(slices.Clone(units), func(u media.Unit) bool { return u.Kind != kind })

	w := mp4.NewSegmentWriter(track, kind)
	list := hls.MediaPlaylist{Map: hls.RelativeURI(listKey, initKey), IndependentSegments: true, TargetDuration: time.Second}
	info, err := codec.Parse(track)
	if err != nil {
		t.Fatal(err)
	}
	manifest := &dash.Track{
		Codecs: info.Codecs, Width: info.Width, Height: info.Height, FrameRate: info.FrameRate,
		SampleRate: info.SampleRate, Channels: info.Channels, Init: hls.RelativeURI(manifestKey, initKey),
	}
	for i, second := range mediatest.Batches(units, time.Second) {
		f := &mediatest.File{Bytes: w.AppendHeader(nil)}
		for _, batch := range mediatest.Batches(second, 300*time.Millisecond) {
			f.Bytes = w.AppendUnits(f.Bytes, batch)
		}
		s, err := w.EndSlice().Finish(f)
		if err != nil {
			t.Fatal(err)
		}
		segmentKey := key(fmt.Sprintf("08:00:%02d.m4s", i))
		b[segmentKey] = f.Bytes
		list.Segments = append(list.Segments, hls.Segment{URI: hls.RelativeURI(listKey, segmentKey), Duration: s.Duration, Size: s.Size})
		manifest.Segments = append(manifest.Segments, dash.Segment{URI: hls.RelativeURI(manifestKey, segmentKey), Start: s.Start, Duration: s.Duration})
	}
	b[initKey] = w.AppendInit(nil)
	b[listKey] = list.Append(nil)
	peak, average := list.Bandwidth()
	manifest.Bandwidth = peak
	return &hls.Rendition{
		URI: hls.RelativeURI(playlistKey, listKey), Codecs: info.Codecs, Bandwidth: peak, AverageBandwidth: average,
		Width: info.Width, Height: info.Height, FrameRate: info.FrameRate, Channels: info.Channels,
	}, manifest
}

func TestRecordingsPlayByHLSAndDASH(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		video, audio string
		start        time.Duration
	}{
		{"H264 with B-frames and AAC", mediatest.H264, mediatest.AAC, 0},
		{"HEVC with B-frames and Opus", mediatest.HEVC, mediatest.Opus, 0},
		{"AV1 and AAC", mediatest.AV1, mediatest.AAC, 0},
		{"H264 and MP3", mediatest.H264, mediatest.MP3, 0},
		{"H264 alone", mediatest.H264, "", 0},
		{"AAC alone", "", mediatest.AAC, 0},
		{"a day after the clock's start", mediatest.H264, mediatest.AAC, 25 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			source := mediatest.NewSource(t, tt.video, tt.audio)
			units := mediatest.Milliseconds(source.Units)
			for i := range units {
				units[i].DTS += tt.start
			}
			b := make(bucket)
			b.put(t, source.Tracks, units)
			server := httptest.NewServer(b)
			t.Cleanup(server.Close)
			for _, key := range []string{playlistKey, manifestKey} {
				url := server.URL + "/" + hls.RelativeURI("", key)
				for stream, encoder := range map[string]string{"v:0": tt.video, "a:0": tt.audio} {
					if encoder == "" {
						continue
					}
					checkTimes(t, url, stream, units)
					got := mediatest.DecodedHashes(t, url, stream)
					want := mediatest.DecodedHashes(t, source.Path, stream, "-ignore_editlist", "1")
					if !slices.Equal(got, want) {
						t.Errorf("%s of %s decodes into other frames than the source's: %d frames, want %d", stream, path.Ext(key), len(got), len(want))
					}
				}
			}
		})
	}
}

// checkTimes finds each frame of a stream where it was on the timeline that all
// tracks share.
func checkTimes(t *testing.T, url, stream string, units []media.Unit) {
	t.Helper()
	kind := media.Audio
	if stream == "v:0" {
		kind = media.Video
	}
	units = slices.DeleteFunc(slices.Clone(units), func(u media.Unit) bool { return u.Kind != kind })
	packets := mediatest.Packets(t, url, stream)
	if len(packets) != len(units) {
		t.Errorf("%s of %s has %d packets, want %d", stream, path.Ext(url), len(packets), len(units))
		return
	}
	for i, p := range packets {
		if u := &units[i]; p.PTS != u.PTS() || p.DTS != u.DTS || p.Hash != mediatest.Hash(u.Body) {
			t.Errorf("%s of %s: packet %d has PTS %v and DTS %v, want %v and %v", stream, path.Ext(url), i, p.PTS, p.DTS, u.PTS(), u.DTS)
			return
		}
	}
}
