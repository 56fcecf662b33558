package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"tallylight/internal/live"
	"tallylight/internal/media/hls"
	"tallylight/internal/store"
)

// Names in the spool of the playlists that grow.
const (
	playlistMark   = "_growing"
	playlistSuffix = ".m3u8"
)

// playlistPath is where a playlist of the stored slices of a kind grows, for
// whoever wants to play what is still being recorded.
func (r *Recorder) playlistPath(id live.RecordFileID, k live.SliceKind) string {
	name := string(id) + playlistMark
	if k != live.SliceMuxed {
		name += "_" + string(k)
	}
	return filepath.Join(r.cfg.SpoolDir, name+playlistSuffix)
}

// growPlaylist adds a stored slice to its playlist. That is a convenience: a
// failure is logged, and the index of the finished file does not depend on it.
func (r *Recorder) growPlaylist(ctx context.Context, s live.Slice, rule live.RecordFormat) {
	if s.Kind.IsInit() {
		return
	}
	path := r.playlistPath(s.File, s.Kind)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	switch {
	case err == nil:
		_, err = f.Write(r.growingSegment(s).Append(nil))
		err = errors.Join(err, f.Close())
	case errors.Is(err, fs.ErrNotExist):
		err = r.beginPlaylist(ctx, s, rule, path)
	}
	if err != nil {
		r.cfg.Log.Warn("cannot write the playlist of a running recording", "file_id", s.File, "err", err)
	}
}

// beginPlaylist writes the playlist with the slices that are stored, s among them.
func (r *Recorder) beginPlaylist(ctx context.Context, s live.Slice, rule live.RecordFormat, path string) error {
	var slices []live.Slice
	err := r.cfg.Store.View(ctx, func(tx store.Reader) (err error) {
		slices, err = tx.FileSlices(ctx, s.File)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin playlist: %w", err)
	}
	p := hls.MediaPlaylist{TargetDuration: maxSlice(rule)}
	for _, known := range slices {
		switch known.Kind {
		case s.Kind:
			p.Segments = append(p.Segments, r.growingSegment(known))
		case s.Kind.Init():
			p.Map = r.locate(known)
		}
	}
	return os.WriteFile(path, p.AppendGrowing(nil), 0o644)
}

// growingSegment returns a slice as a playlist outside its bucket names it.
func (r *Recorder) growingSegment(s live.Slice) hls.Segment {
	return hls.Segment{URI: r.locate(s), Duration: s.Duration, Discontinuity: s.Discontinuity, DateTime: s.StartTime}
}

// locate returns the URI of a stored slice: the URL that its bucket tells, or the
// path of the file.
func (r *Recorder) locate(s live.Slice) string {
	bucket, err := r.cfg.Buckets.Bucket(s.Bucket)
	if err != nil {
		return s.ObjectKey
	}
	location := bucket.Location(s.ObjectKey)
	if strings.Contains(location, "://") {
		return location
	}
	if path, err := filepath.Abs(location); err == nil {
		location = filepath.ToSlash(path)
	}
	return (&url.URL{Path: location}).String()
}
