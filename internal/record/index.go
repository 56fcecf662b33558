package record

import (
	"context"
	"errors"
	"fmt"

	"tallylight/internal/blob"
	"tallylight/internal/durable"
	"tallylight/internal/live"
	"tallylight/internal/media/hls"
	"tallylight/internal/store"
)

// An indexer returns the objects that list the slices of a file, to be stored in
// their order. The last one is the file's own, row.ObjectKey; the names of the
// others are made of it.
type indexer func(row live.RecordFile, slices []live.Slice) []indexObject

type indexObject struct {
	key     string
	content []byte
}

// m3u8Index makes one playlist.
func m3u8Index(row live.RecordFile, slices []live.Slice) []indexObject {
	p := hls.MediaPlaylist{Segments: segments(row.ObjectKey, slices)}
	return []indexObject{{row.ObjectKey, p.Append(nil)}}
}

// segments returns the slices as the playlist with the key from names them.
func segments(from string, slices []live.Slice) []hls.Segment {
	var list []hls.Segment
	for i, s := range slices {
		list = append(list, hls.Segment{
			URI:           hls.RelativeURI(from, s.ObjectKey),
			Duration:      s.Duration,
			Size:          s.Size,
			Discontinuity: i > 0 && s.Discontinuity,
			DateTime:      s.StartTime,
		})
	}
	return list
}

// ofKind returns the slices of a kind.
func ofKind(slices []live.Slice, k live.SliceKind) []live.Slice {
	var list []live.Slice
	for _, s := range slices {
		if s.Kind == k {
			list = append(list, s)
		}
	}
	return list
}

// leading returns the slices that count for the length of a file: of the video,
// if there is one. Without their init segment, slices cannot be played.
func leading(slices []live.Slice) []live.Slice {
	if list := ofKind(slices, live.SliceMuxed); list != nil {
		return list
	}
	for _, k := range []live.SliceKind{live.SliceVideo, live.SliceAudio} {
		if list := ofKind(slices, k); list != nil && ofKind(slices, k.Init()) != nil {
			return list
		}
	}
	return nil
}

// carryIndex makes the index of a file whose slices are stored, stores it and
// tells of the file.
func (s *sealing) carryIndex(ctx context.Context, r *Recorder) error {
	var slices []live.Slice
	err := r.cfg.Store.View(ctx, func(tx store.Reader) (err error) {
		slices, err = tx.FileSlices(ctx, s.row.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("index record file %s: %w", s.row.ID, err)
	}
	if s.row.State == live.FileOpen {
		if err := s.sealIndex(ctx, r, slices); err != nil {
			return err
		}
	}
	if s.row.State == live.FileSealed {
		if err := s.storeIndex(ctx, r, slices); err != nil {
			return err
		}
		if err := s.digestIndex(ctx, r, slices); err != nil {
			return err
		}
		if err := s.commitStored(ctx, r); err != nil {
			return err
		}
	}
	if s.row.State == live.FileDiscarded {
		if err := s.removeSlices(ctx, r, slices); err != nil {
			return err
		}
	}
	for _, k := range []live.SliceKind{live.SliceMuxed, live.SliceVideo, live.SliceAudio} {
		if err := durable.Remove(r.playlistPath(s.row.ID, k)); err != nil {
			return err
		}
	}
	return nil
}

// removeSlices removes what was stored of a file that turned out to hold nothing
// playable: init segments without slices.
func (s *sealing) removeSlices(ctx context.Context, r *Recorder, slices []live.Slice) error {
	for _, slice := range slices {
		bucket, err := r.cfg.Buckets.Bucket(slice.Bucket)
		if err != nil {
			return err
		}
		if err := bucket.Delete(ctx, slice.ObjectKey); err != nil {
			return err
		}
	}
	return r.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.DeleteSlices(ctx, s.row.ID) })
}

// sealIndex commits the name and the facts of the file.
func (s *sealing) sealIndex(ctx context.Context, r *Recorder, slices []live.Slice) error {
	row := s.row
	row.State = live.FileDiscarded
	if main := leading(slices); main != nil {
		row.State = live.FileSealed
		row.Duration = 0
		for _, slice := range main {
			row.Duration += slice.Duration
		}
		if row.StopTime.IsZero() {
			row.StopTime = main[len(main)-1].EndTime()
		}
		row.ObjectKey = r.objectKey(row, s.rule, 0)
		row.Size = int64(len(ownIndex(row, slices)))
	}
	if err := r.commitFiles(ctx, row); err != nil {
		return err
	}
	s.row = row
	return nil
}

// ownIndex returns the content of the file's own object.
func ownIndex(row live.RecordFile, slices []live.Slice) []byte {
	objects := formats[row.Format].index(row, slices)
	return objects[len(objects)-1].content
}

// storeIndex stores the objects of the index. If one of their names is another's,
// the next name of the file is committed first.
func (s *sealing) storeIndex(ctx context.Context, r *Recorder, slices []live.Slice) error {
	for taken := 1; ; taken++ {
		err := r.putIndex(ctx, s.row, formats[s.row.Format].index(s.row, slices))
		if !errors.Is(err, blob.ErrExists) {
			return err
		}
		row := s.row
		row.ObjectKey = r.objectKey(row, s.rule, taken)
		row.Size = int64(len(ownIndex(row, slices)))
		if err := r.commitFiles(ctx, row); err != nil {
			return err
		}
		s.row = row
	}
}

func (r *Recorder) putIndex(ctx context.Context, row live.RecordFile, objects []indexObject) error {
	path := r.spoolPath(row.ID, ".index")
	for _, o := range objects {
		if err := durable.WriteFile(path, o.content, 0o644); err != nil {
			return fmt.Errorf("write index of record file %s: %w", row.ID, err)
		}
		if err := r.cfg.Uploads.Put(ctx, row, path, o.key); err != nil {
			return err
		}
	}
	return r.cfg.Uploads.Discard(row, path) // the copy
}
