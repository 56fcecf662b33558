package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/playback"
	"tallylight/internal/store"
)

type recordsExportCommand struct {
	dataFlags
	recordSelection
	File   string `arg:"" optional:"" help:"Id of the record file, as 'records list' prints it."`
	Output string `short:"o" help:"Write to this file, which must not exist; - is standard output. Default: stream and time, in the current folder." placeholder:"FILE"`
}

func (recordsExportCommand) Help() string {
	return `Writes one record file as an MP4 that every player plays and seeks in, whatever the
format that it was recorded in. Nothing is coded anew: pictures and sound are those
of the recording.

The file is named by its id, or by a selection that only one finished file meets.

Examples:

    tallylight records export file_06fm4k3s…
    tallylight records export --stream show --from 2026-11-23T08:00:00Z --to 2026-11-23T09:00:00Z -o show.mp4
    tallylight records export file_06fm4k3s… -o - | ffplay -`
}

func (c *recordsExportCommand) Run(ctx context.Context, s *streams) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	if selects := q != (live.RecordFileQuery{}); selects == (c.File != "") {
		return usageError{errors.New("give the id of a record file, or a selection such as --stream")}
	}
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	buckets, err := newBuckets(cfg)
	if err != nil {
		return err
	}
	return c.with(ctx, func(st store.Store, _ live.AccountID) error {
		id := live.RecordFileID(c.File)
		if id == "" {
			if id, err = onlyFile(ctx, st, q); err != nil {
				return err
			}
		}
		file, err := newPlayback(cfg, st, buckets, newLogger(s.err, cfg.Log)).Open(ctx, id)
		if err != nil {
			return err
		}
		defer file.Close()
		return c.write(s, file)
	})
}

// onlyFile returns the finished file that a query selects.
func onlyFile(ctx context.Context, st store.Store, q live.RecordFileQuery) (live.RecordFileID, error) {
	const limit = 1000
	q.Limit = limit
	var list []live.RecordFile
	err := st.View(ctx, func(r store.Reader) (err error) {
		list, err = r.RecordFiles(ctx, q)
		return err
	})
	if err != nil {
		return "", err
	}
	var (
		found live.RecordFileID
		lines []string
	)
	for _, f := range list {
		if f.State == live.FileStored || f.State == live.FileSealed {
			found = f.ID
			lines = append(lines, fmt.Sprintf("\n    %s  %s  %s  %s", f.ID, f.StartTime.Format(time.RFC3339), f.Key, f.Format))
		}
	}
	switch {
	case len(lines) == 0:
		return "", errors.New("the selection has no finished record file")
	case len(lines) > 1 || len(list) == limit:
		const shown = 10
		return "", fmt.Errorf("the selection has several record files; export one by its id:%s", strings.Join(lines[:min(len(lines), shown)], ""))
	}
	return found, nil
}

// write copies a file to where it shall go. What is not whole is removed.
func (c *recordsExportCommand) write(s *streams, file *playback.File) error {
	line := (&terminal{w: s.err}).progress()
	watch := &exportWatch{line: line, size: file.Size(), started: time.Now()}
	if c.Output == "-" {
		_, err := io.Copy(io.MultiWriter(s.out, watch), file)
		line.done()
		return err
	}
	path := c.Output
	if path == "" {
		path = file.Name()
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	_, err = io.Copy(io.MultiWriter(out, watch), file)
	line.done()
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(fmt.Errorf("export: %w", err), os.Remove(path))
	}
	return printf(s, "%s: %v, %d bytes\n", path, file.Duration().Round(time.Millisecond), file.Size())
}

// An exportWatch shows how much was written.
type exportWatch struct {
	line    *progress
	size    int64
	written int64
	percent int64
	started time.Time
}

// Write implements io.Writer.
func (w *exportWatch) Write(p []byte) (int, error) {
	w.written += int64(len(p))
	percent := 100 * w.written / w.size
	if percent > w.percent && (w.line.t.interactive() || time.Since(w.started) > quietTime) {
		w.percent = percent
		w.line.text(int(percent/10), fmt.Sprintf("%d %% of %d MiB", percent, w.size>>20))
	}
	return len(p), nil
}
