package playback

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/remux"
	"tallylight/internal/store"
)

// A recording is a record file and the objects that it consists of.
type recording struct {
	row    live.RecordFile
	inits  [][]byte // CMAF: initialization sections
	media  []remux.Object
	reader *reader
	spool  *os.File // nil: the file is in its bucket
}

func (r *recording) close() error {
	r.reader.close()
	if r.spool != nil {
		return r.spool.Close()
	}
	return nil
}

// find looks a record file up. One that becomes stored in that moment is looked up
// again.
func (f *Files) find(ctx context.Context, id live.RecordFileID) (*recording, error) {
	for attempt := 1; ; attempt++ {
		r, err := f.findOnce(ctx, id)
		if attempt == 2 || !errors.Is(err, fs.ErrNotExist) {
			return r, err
		}
	}
}

func (f *Files) findOnce(ctx context.Context, id live.RecordFileID) (*recording, error) {
	var (
		row    live.RecordFile
		pieces []live.Slice
	)
	err := f.cfg.Store.View(ctx, func(tx store.Reader) (err error) {
		if row, err = tx.RecordFile(ctx, id); err == nil && sliced(row.Format) {
			pieces, err = tx.FileSlices(ctx, id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	switch row.State {
	case live.FileSealed, live.FileStored:
	case live.FileOpen:
		return nil, fmt.Errorf("%s: %w", id, ErrRecording)
	default:
		return nil, fmt.Errorf("%s: %w", id, ErrGone)
	}
	r := &recording{row: row, reader: &reader{ctx: ctx, buckets: f.cfg.Buckets}}
	switch {
	case sliced(row.Format):
		err = r.addSlices(pieces)
	case row.State == live.FileSealed:
		err = r.openSpool(filepath.Join(f.cfg.SpoolDir, spoolName(row)))
	default:
		r.addMedia(r.reader.add(row.Bucket, row.ObjectKey, row.Size), row.Size)
	}
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func sliced(f live.Format) bool { return f == live.FormatM3U8 || f == live.FormatCMAF }

// spoolName is the name of a file in the spool.
func spoolName(row live.RecordFile) string { return string(row.ID) + row.Format.Extension() + ".part" }

func (r *recording) addMedia(o io.ReaderAt, size int64) {
	r.media = append(r.media, remux.Object{ReaderAt: o, Size: size})
}

// openSpool opens a file that is finished and not stored yet. Another node may have
// it.
func (r *recording) openSpool(path string) error {
	spool, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: %w", r.row.ID, ErrRecording, err)
	}
	if err != nil {
		return fmt.Errorf("open record file %s: %w", r.row.ID, err)
	}
	r.spool = spool
	r.addMedia(spool, r.row.Size)
	return nil
}

// addSlices adds the slices of the file: those of MPEG-TS in their order, those of
// CMAF by their time, so that pictures and sound of one moment lie together.
func (r *recording) addSlices(list []live.Slice) error {
	slices.SortStableFunc(list, func(a, b live.Slice) int {
		if r.row.Format == live.FormatM3U8 {
			return cmp.Compare(a.Sequence, b.Sequence)
		}
		return cmp.Compare(a.Offset, b.Offset)
	})
	inits := make(map[live.SliceKind]live.Slice)
	for _, s := range list {
		if s.Kind.IsInit() {
			inits[s.Kind] = s
		}
	}
	for _, kind := range []live.SliceKind{live.SliceVideo, live.SliceAudio} {
		s, ok := inits[kind.Init()]
		if !ok {
			continue
		}
		init, err := r.readInit(s)
		if err != nil {
			return err
		}
		r.inits = append(r.inits, init)
	}
	for _, s := range list {
		_, playable := inits[s.Kind.Init()]
		if s.Kind == live.SliceMuxed || playable {
			r.addMedia(r.reader.add(s.Bucket, s.ObjectKey, s.Size), s.Size)
		}
	}
	return nil
}

// maxInit bounds an initialization section, in bytes: it holds one decoder
// configuration, which is less than an RTMP message.
const maxInit = 32 << 20

func (r *recording) readInit(s live.Slice) ([]byte, error) {
	if s.Size > maxInit {
		return nil, fmt.Errorf("initialization section %s has %d bytes, at most %d are read", s.ObjectKey, s.Size, maxInit)
	}
	b := make([]byte, s.Size)
	_, err := r.reader.add(s.Bucket, s.ObjectKey, s.Size).ReadAt(b, 0)
	return b, err
}

// index reads what the recording holds.
func (r *recording) index() (*remux.File, error) {
	tracks := media.StoredTracks(r.row.Tracks)
	switch r.row.Format {
	case live.FormatFLV:
		return remux.FLV(r.media[0], tracks)
	case live.FormatMP4:
		return remux.MP4(r.media[0])
	case live.FormatM3U8:
		return remux.TS(r.media, tracks)
	case live.FormatCMAF:
		return remux.CMAF(r.inits, r.media)
	}
	return nil, fmt.Errorf("record file %s has the format %q, which cannot be played", r.row.ID, r.row.Format)
}
