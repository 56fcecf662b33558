package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/hls/hlstest"
)

// A playlist is what the tests need of a media playlist.
type playlist struct {
	initial string // path of the init segment, "" without
	slices  []string
	jumps   map[string]bool // slices whose timestamps do not go on from the one before
}

func (p playlist) parts() []string {
	if p.initial == "" {
		return p.slices
	}
	return append([]string{p.initial}, p.slices...)
}

// readPlaylist reads a media playlist, which has to be valid and complete.
func readPlaylist(path string) (playlist, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return playlist{}, err
	}
	if err := hlstest.Validate(text); err != nil {
		return playlist{}, fmt.Errorf("%s: %w", path, err)
	}
	if !bytes.Contains(text, []byte("\n#EXT-X-ENDLIST")) {
		return playlist{}, fmt.Errorf("%s says that it goes on", path)
	}
	p := playlist{jumps: make(map[string]bool)}
	jump := false
	resolve := func(uri string) (string, error) {
		name, err := url.PathUnescape(uri)
		return filepath.Join(filepath.Dir(path), filepath.FromSlash(name)), err
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		uri, isMap := strings.CutPrefix(line, `#EXT-X-MAP:URI="`)
		jump = jump || line == "#EXT-X-DISCONTINUITY"
		if line == "" || line[0] == '#' && !isMap {
			continue
		}
		uri, _, _ = strings.Cut(uri, `"`)
		target, err := resolve(uri)
		if err != nil {
			return playlist{}, fmt.Errorf("%s: %w", path, err)
		}
		if isMap {
			p.initial = target
		} else {
			p.slices = append(p.slices, target)
			p.jumps[target], jump = jump, false
		}
	}
	return p, nil
}

// walkM3U8 walks the transport stream slices of a playlist.
func walkM3U8(path string, r *contentReader) ([]string, error) {
	p, err := readPlaylist(path)
	if err != nil {
		return nil, err
	}
	for _, slice := range p.slices {
		data, err := os.ReadFile(slice)
		if err != nil {
			return p.parts(), err
		}
		if p.jumps[slice] {
			r.discontinue()
		}
		if err := walkTS(data, r); err != nil {
			return p.parts(), fmt.Errorf("%s: %w", slice, err)
		}
	}
	return p.parts(), nil
}

// walkCMAF walks the tracks of a DASH manifest by the HLS playlists beside it.
func walkCMAF(path string, r *contentReader) ([]string, error) {
	name := strings.TrimSuffix(path, filepath.Ext(path))
	parts := []string{multivariantOf(path)}
	for _, like := range []media.Unit{
		{Kind: media.Video, Codec: media.H264},
		{Kind: media.Audio, Codec: media.AAC},
	} {
		list := name + "_" + kindNames[slot(like.Kind)] + live.FormatM3U8.Extension()
		p, err := readPlaylist(list)
		if errors.Is(err, os.ErrNotExist) {
			continue // a file of one track
		}
		if err != nil {
			return parts, err
		}
		parts = append(append(parts, list), p.parts()...)
		if err := walkSegments(p, like, r); err != nil {
			return parts, fmt.Errorf("%s: %w", list, err)
		}
	}
	return parts, nil
}

// multivariantOf returns the HLS playlist that stands for a DASH manifest.
func multivariantOf(manifest string) string {
	return strings.TrimSuffix(manifest, filepath.Ext(manifest)) + "_cmaf" + live.FormatM3U8.Extension()
}

// walkSegments adds the samples of a track, which are like the unit given.
func walkSegments(p playlist, like media.Unit, r *contentReader) error {
	var track bytes.Buffer
	for _, part := range p.parts() {
		data, err := os.ReadFile(part)
		if err != nil {
			return err
		}
		track.Write(data)
	}
	file, err := mp4.DecodeFile(&track)
	if err != nil {
		return err
	}
	if file.Init == nil {
		return errors.New("no init segment")
	}
	scale := time.Duration(file.Init.Moov.Trak.Mdia.Mdhd.Timescale)
	trex := file.Init.Moov.Mvex.Trex
	for _, segment := range file.Segments {
		for _, fragment := range segment.Fragments {
			samples, err := fragment.GetFullSamples(trex)
			if err != nil {
				return err
			}
			for _, s := range samples {
				u := like
				u.Body = s.Data
				u.DTS = (time.Duration(s.DecodeTime) * time.Second / scale).Round(time.Millisecond)
				u.Composition = (time.Duration(s.CompositionTimeOffset) * time.Second / scale).Round(time.Millisecond)
				u.Key = s.IsSync()
				if err := r.add(u); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
