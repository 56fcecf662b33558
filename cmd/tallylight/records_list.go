package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// listPage is how many record files are read at a time.
const listPage = 500

type recordsListCommand struct{ recordFlags }

func (c *recordsListCommand) Run(ctx context.Context, s *streams) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	q.Limit = listPage
	return c.with(ctx, func(st store.Store, _ live.AccountID) error {
		for first := true; ; first = false {
			var page []live.RecordFile
			err := st.View(ctx, func(r store.Reader) (err error) {
				page, err = r.RecordFiles(ctx, q)
				return err
			})
			if err != nil {
				return err
			}
			if c.JSON {
				err = writeRecordsJSON(s.out, page)
			} else {
				err = writeRecordsTable(s.out, page, first)
			}
			if err != nil || len(page) < listPage {
				return err
			}
			q.After = &page[len(page)-1]
		}
	})
}

// writeRecordsTable writes a page of record files in columns, the first under
// their titles.
func writeRecordsTable(out io.Writer, page []live.RecordFile, first bool) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if first {
		fmt.Fprintln(w, "BEGIN\tDURATION\tBYTES\tSTATE\tSTREAM\tFILE\tOBJECT")
	}
	for _, f := range page {
		object := "-"
		if f.ObjectKey != "" {
			object = f.Bucket + "/" + f.ObjectKey
		}
		fmt.Fprintf(w, "%s\t%v\t%d\t%s\t%s\t%s\t%s\n", f.StartTime.Format(time.RFC3339), f.Duration.Round(time.Millisecond), f.Size, f.State, f.Key, f.ID, object)
	}
	return w.Flush()
}

// A recordLine is a record file as JSON.
type recordLine struct {
	File            live.RecordFileID    `json:"file"`
	Recording       live.RecordingID     `json:"recording"`
	Domain          string               `json:"domain"`
	App             string               `json:"app"`
	Stream          string               `json:"stream"`
	Format          live.Format          `json:"format"`
	State           live.RecordFileState `json:"state"`
	Bucket          string               `json:"bucket"`
	Object          string               `json:"object,omitempty"`
	Sequence        int                  `json:"sequence"`
	StartTime       time.Time            `json:"start_time"`
	StopTime        time.Time            `json:"stop_time,omitzero"`
	DurationSeconds float64              `json:"duration_seconds"`
	Size            int64                `json:"size"`
	SHA256          string               `json:"sha256,omitempty"`
	Gaps            []recordGap          `json:"gaps,omitempty"`
	MoreGaps        int                  `json:"more_gaps,omitempty"`
}

// A recordGap is a gap of a record file as JSON.
type recordGap struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	AtSeconds float64   `json:"at_seconds"`
}

func writeRecordsJSON(out io.Writer, page []live.RecordFile) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	var errs []error
	for _, f := range page {
		var gaps []recordGap
		for _, g := range f.Gaps.List {
			gaps = append(gaps, recordGap{g.From, g.To, g.At.Seconds()})
		}
		errs = append(errs, encoder.Encode(recordLine{
			File: f.ID, Recording: f.Recording, Domain: f.Key.Domain, App: f.Key.App, Stream: f.Key.Stream, Format: f.Format, State: f.State,
			Bucket: f.Bucket, Object: f.ObjectKey, Sequence: f.Sequence, StartTime: f.StartTime, StopTime: f.StopTime,
			DurationSeconds: f.Duration.Seconds(), Size: f.Size,
			SHA256: f.SHA256, Gaps: gaps, MoreGaps: f.Gaps.More,
		}))
	}
	return errors.Join(errs...)
}
