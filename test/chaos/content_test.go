package chaos

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
)

// A span is an unbroken row of frames of one push and kind: those from first up
// to, but without, end.
type span struct {
	push       pushID
	kind       media.Kind
	first, end uint32
}

// A content is what a record file holds.
type content struct {
	format live.Format
	spans  [2][]span // by kind, in the order of the file
	frames int
	parts  []string // paths of the objects that the file names: slices, playlists
}

// formatOf returns the format of a file by its name.
func formatOf(name string) live.Format {
	if ext := filepath.Ext(name); ext != live.FormatCMAF.Extension() {
		return live.Format(strings.TrimPrefix(ext, "."))
	}
	return live.FormatCMAF
}

// readContent reads a record file and checks each of its frames: that it is as it
// was sent, in order, and as far from the one before it as in the push, give or take
// jitter. With an error it returns what was read before.
func readContent(c *clip, path string, jitter time.Duration) (content, error) {
	r := contentReader{clip: c, jitter: jitter, content: content{format: formatOf(path)}}
	walk, ok := walks[r.content.format]
	if !ok {
		return r.content, fmt.Errorf("%s: no reader of its format", path)
	}
	parts, err := walk(path, &r)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	r.content.parts = parts
	return r.content, err
}

// A walk hands each frame of a file to a reader, those of a kind in their order,
// and returns the paths of further objects that belong to the file.
type walk func(path string, r *contentReader) (parts []string, err error)

var walks = map[live.Format]walk{
	live.FormatFLV:  walkFLV,
	live.FormatMP4:  walkMP4,
	live.FormatM3U8: walkM3U8,
	live.FormatCMAF: walkCMAF,
}

// A contentReader gathers spans.
type contentReader struct {
	clip    *clip
	jitter  time.Duration
	content content
	last    [2]struct { // frame, by kind
		id  frameID
		dts time.Duration
	}
	shown time.Duration // the latest PTS of a picture
}

// discontinue says that the timestamps of what follows are on another clock.
func (r *contentReader) discontinue() {
	for k := range r.last {
		r.last[k].dts = -time.Hour
	}
	r.shown = -time.Hour
}

// rounding is how far that moves a timestamp at most.
const rounding = time.Millisecond

func (r *contentReader) add(u media.Unit) error {
	id, err := r.clip.identify(u.Kind, u.Body)
	if err != nil {
		return err
	}
	want := r.clip.frame(id.kind, id.index)
	if u.Composition != want.composition || u.Key != (want.key || id.kind == media.Audio) {
		return fmt.Errorf("%v: composition time %v, key frame: %t; sent were %v, %t", id, u.Composition, u.Key, want.composition, want.key)
	}
	k := slot(id.kind)
	last, spans := &r.last[k], r.content.spans[k]
	switch {
	case len(spans) == 0 || id.push > last.id.push:
		if id.kind == media.Video && !want.key {
			return fmt.Errorf("%v begins a push in the file and is no key frame", id)
		}
		if id.kind == media.Video && len(spans) > 0 && u.PTS() <= r.shown {
			return fmt.Errorf("%v is shown at %v, pictures before it until %v", id, u.PTS(), r.shown)
		}
		spans = append(spans, span{push: id.pushID, kind: id.kind, first: id.index, end: id.index + 1})
	case id.pushID != last.id.pushID || id.index != last.id.index+1:
		return fmt.Errorf("%v follows %v", id, last.id)
	default:
		step := timeOf(id.kind, id.index) - timeOf(id.kind, last.id.index)
		if got := u.DTS - last.dts; (got - step).Abs() > r.jitter {
			return fmt.Errorf("%v comes %v after the frame before it, it was sent %v after", id, got, step)
		}
		spans[len(spans)-1].end++
	}
	if len(spans) > 0 && spans[0].push.stream != id.stream {
		return fmt.Errorf("%v is in a file of stream %d", id, spans[0].push.stream)
	}
	if u.DTS < last.dts {
		return fmt.Errorf("%v is at %v, behind the frame before it", id, u.DTS)
	}
	r.content.spans[k], last.id, last.dts = spans, id, u.DTS
	if id.kind == media.Video {
		r.shown = max(r.shown, u.PTS())
	}
	r.content.frames++
	return nil
}
