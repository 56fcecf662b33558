package e2e

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
)

// sourceSeconds is how long sources last: more than a cycle, and than a slice,
// can be short.
const sourceSeconds = 8

// A source is what a publisher of the tests pushes, and what ffmpeg decodes of it.
type source struct {
	tracks media.Tracks
	units  []media.Unit // in whole milliseconds, as RTMP has them
	// decoded holds the hashes of pictures and of audio frames, in the order of
	// their presentation.
	decoded map[media.Kind][]string
}

// newSource encodes a source of eight seconds. Its files can be cut at every key
// frame: pictures refer to none before, audio frames to no reservoir of bits and to no
// noise, of which decoders make as much as they like.
func newSource(t testing.TB, video, audio string) *source {
	t.Helper()
	var options []string
	if video == mediatest.HEVC {
		options = append(options, "-x265-params", "bframes=2:open-gop=0:log-level=none")
	}
	switch audio {
	case mediatest.AAC:
		options = append(options, "-aac_pns", "0")
	case mediatest.MP3:
		options = append(options, "-reservoir", "0")
	}
	s := mediatest.NewLongSource(t, sourceSeconds, video, audio, options...)
	return &source{
		tracks:  s.Tracks,
		units:   mediatest.Milliseconds(s.Units),
		decoded: decode(t, s.Path, s.Tracks, "-ignore_editlist", "1"),
	}
}

// tags returns the source as an encoder sends it.
func (s *source) tags() []flv.Tag { return tagsOf(s.tracks, s.units, videoHead) }

// pictures returns the hashes of what units, which are some of the source's,
// decode into: of every unit that is among them, in the order of presentation.
func (s *source) pictures(units []media.Unit, kind media.Kind) []string {
	order := s.presented(s.units, kind)
	var hashes []string
	for _, u := range s.presented(units, kind) {
		if i := slices.IndexFunc(order, func(o media.Unit) bool { return o.DTS == u.DTS }); i < len(s.decoded[kind]) {
			hashes = append(hashes, s.decoded[kind][i])
		}
	}
	return hashes
}

// presented returns the units of a kind in the order of their PTS.
func (s *source) presented(units []media.Unit, kind media.Kind) []media.Unit {
	list := ofKind(units, kind)
	slices.SortStableFunc(list, func(a, b media.Unit) int { return cmp.Compare(a.PTS(), b.PTS()) })
	return list
}

// ofKind returns the units of a kind.
func ofKind(units []media.Unit, kind media.Kind) []media.Unit {
	return slices.DeleteFunc(slices.Clone(units), func(u media.Unit) bool { return u.Kind != kind })
}

// unitsBefore returns the units whose DTS is before end.
func unitsBefore(units []media.Unit, end time.Duration) []media.Unit {
	i := slices.IndexFunc(units, func(u media.Unit) bool { return u.DTS >= end })
	if i < 0 {
		return units
	}
	return units[:i]
}

// kinds returns the kinds of the tracks that there are, and how ffmpeg names
// them.
func kinds(tracks media.Tracks) map[media.Kind]string {
	found := make(map[media.Kind]string)
	if tracks.Video != nil {
		found[media.Video] = "v:0"
	}
	if tracks.Audio != nil {
		found[media.Audio] = "a:0"
	}
	return found
}

// decode returns the hashes of the decoded frames of a file, in the order of their
// presentation. ffmpeg may not utter a warning.
func decode(t testing.TB, path string, tracks media.Tracks, inputOptions ...string) map[media.Kind][]string {
	t.Helper()
	decoded := make(map[media.Kind][]string)
	if filepath.Ext(path) == ".mpd" { // of which ffmpeg reads no track beyond the end of the first
		for kind, stream := range kinds(tracks) {
			decoded[kind] = mediatest.DecodedHashes(t, path, stream)
		}
		return decoded
	}
	args := append([]string{"-v", "warning", "-nostdin"}, inputOptions...)
	args = append(args, "-i", path, "-fps_mode", "passthrough") // frames as they are
	var order []media.Kind                                      // of the streams that ffmpeg puts out
	for _, kind := range []media.Kind{media.Video, media.Audio} {
		if stream, ok := kinds(tracks)[kind]; ok {
			args, order = append(args, "-map", "0:"+stream), append(order, kind)
		}
	}
	for line := range strings.Lines(mediatest.Run(t, "ffmpeg", append(args, "-f", "framemd5", "-")...)) {
		if line[0] == '#' {
			continue
		}
		columns := strings.Split(strings.TrimSpace(line), ",")
		stream, err := strconv.Atoi(columns[0])
		if err != nil || stream >= len(order) {
			t.Fatalf("%s: ffmpeg printed %q", path, line)
		}
		decoded[order[stream]] = append(decoded[order[stream]], strings.TrimSpace(columns[len(columns)-1]))
	}
	return decoded
}
