package playback

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/remux"
)

// A File is an open record file as MP4. It serves one goroutine. Close it.
type File struct {
	*io.SectionReader // the bytes
	recording         *recording
	index             *remux.File
	release           func()
}

// Open opens a record file. Reading ends with ctx. Errors are live.ErrNotFound,
// ErrRecording, ErrGone and ErrBusy, or those of the store and of the bucket; a file
// without frames is media.ErrNoMedia.
func (f *Files) Open(ctx context.Context, id live.RecordFileID) (*File, error) {
	select {
	case f.open <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	release := sync.OnceFunc(func() { <-f.open })
	file, err := f.openFile(ctx, id)
	if err != nil {
		release()
		return nil, fmt.Errorf("play record file %s: %w", id, err)
	}
	file.release = release
	return file, nil
}

func (f *Files) openFile(ctx context.Context, id live.RecordFileID) (_ *File, err error) {
	r, err := f.find(ctx, id)
	if err != nil {
		return nil, err
	}
	index, err := f.indexes.of(ctx, r)
	if err != nil {
		r.close()
		return nil, err
	}
	content, err := index.Open(r.media)
	if err != nil {
		r.close()
		return nil, err
	}
	return &File{SectionReader: content, recording: r, index: index}, nil
}

// Close closes the file.
func (f *File) Close() error {
	f.release()
	return f.recording.close()
}

// Row returns the record file that is presented.
func (f *File) Row() live.RecordFile { return f.recording.row }

// Duration returns how long the file lasts.
func (f *File) Duration() time.Duration { return f.index.Duration() }

// Tracks returns what the file holds.
func (f *File) Tracks() media.Tracks { return media.StoredTracks(f.recording.row.Tracks) }

// ModTime returns when the recording was over.
func (f *File) ModTime() time.Time { return f.recording.row.StopTime }

// ContentType returns the media type.
func (f *File) ContentType() string {
	if f.Tracks().Video == nil {
		return "audio/mp4"
	}
	return "video/mp4"
}

// ETag returns a strong entity tag: the same bytes have the same.
func (f *File) ETag() string {
	return fmt.Sprintf(`"%s-%d-%x"`, f.recording.row.ID, remux.Version, f.Size())
}

// Name returns a good name for a copy of the file: the stream and the time at which
// it begins, in UTC.
func (f *File) Name() string {
	row := f.recording.row
	return fmt.Sprintf("%s-%s.mp4", row.Key.Stream, row.StartTime.UTC().Format("20060102-150405"))
}
