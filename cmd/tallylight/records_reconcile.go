package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/reconcile"
	"tallylight/internal/store"
)

type recordsReconcileCommand struct {
	recordFlags
	All      bool          `help:"Print what is well, too."`
	Patience time.Duration `help:"How long a finished file may be on its way to its bucket." default:"1h" placeholder:"D"`
}

func (recordsReconcileCommand) Help() string {
	return `Looks for the object of every record file in its bucket, with its size and all its
slices; for its one event; for the acknowledgement of the callback. Then for the
record file of every event, of every object and of every file in the spool. Nothing
is changed. What is missing is printed as MISSING, what is only worth knowing, such
as a callback that is still due or an object that other programs may have stored, as
note.

With a selection, record files alone are looked at.

Exit status 0 means that nothing is missing, 1 that something is.

Examples:

    tallylight records reconcile
    tallylight records reconcile --domain play.example.com --from 2026-11-23T00:00:00Z --all
    tallylight records reconcile --json`
}

func (c *recordsReconcileCommand) Run(ctx context.Context, s *streams) error {
	if c.Patience <= 0 {
		return usageError{fmt.Errorf("--patience %v: give more than 0", c.Patience)}
	}
	q, err := c.query()
	if err != nil {
		return err
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
		watch := newReconcileWatch(s)
		summary, err := reconcile.Run(ctx, reconcile.Config{
			Store:       st,
			Buckets:     buckets,
			SpoolDir:    filepath.Join(cfg.Data, "spool"),
			BucketNames: slices.Collect(maps.Keys(cfg.Storage.Buckets)),
			Query:       q,
			Patience:    c.Patience,
			Now:         time.Now,
			Progress:    watch.progress,
			Report: func(i reconcile.Item) error {
				if len(i.Missing) == 0 && len(i.Notes) == 0 && !c.All {
					return nil
				}
				watch.clear()
				if c.JSON {
					return json.NewEncoder(s.out).Encode(i)
				}
				_, err := fmt.Fprint(s.out, itemText(i))
				return err
			},
		})
		watch.clear()
		if err != nil {
			return err
		}
		if !c.JSON {
			fmt.Fprintf(s.out, "looked at %s: %d missing, %d notes\n", summaryText(summary), summary.Missing, summary.Notes)
		}
		if summary.Missing > 0 {
			return fmt.Errorf("something is missing: %d of %s", summary.Missing, summaryText(summary))
		}
		return nil
	})
}

// itemText returns an item as a line, and one more for each thing to say of it.
func itemText(i reconcile.Item) string {
	verdict := "ok"
	switch {
	case len(i.Missing) > 0:
		verdict = "MISSING"
	case len(i.Notes) > 0:
		verdict = "note"
	}
	fields := []string{fmt.Sprintf("%-8s%-7s", verdict, i.Kind)}
	add := func(text string, there bool) {
		if there {
			fields = append(fields, text)
		}
	}
	add(string(i.File), i.File != "")
	add(string(i.Event), i.Kind == reconcile.KindEvent)
	add(string(i.State), i.State != "")
	add(i.StartTime.Format(time.RFC3339), !i.StartTime.IsZero())
	add(i.Domain+"/"+i.App+"/"+i.Stream, i.Domain != "")
	switch {
	case i.Bucket != "" && i.Object != "":
		add(i.Bucket+"/"+i.Object, true)
	default:
		add(i.Bucket+i.Object, i.Bucket+i.Object != "")
	}
	add("callback "+string(i.Delivery), i.Delivery != "")
	var b strings.Builder
	b.WriteString(strings.Join(fields, "  ") + "\n")
	for _, text := range slices.Concat(i.Missing, i.Notes) {
		b.WriteString("        " + text + "\n")
	}
	return b.String()
}

func summaryText(s reconcile.Summary) string {
	return fmt.Sprintf("%d record files, %d events, %d objects, %d spool files", s.Files, s.Events, s.Objects, s.Spooled)
}

// quietTime is how long a run says nothing of its progress, and how often it does
// where nobody watches.
const quietTime = 10 * time.Second

// A reconcileWatch shows the progress of a run on standard error.
type reconcileWatch struct {
	terminal *terminal
	line     *progress
	started  time.Time
}

func newReconcileWatch(s *streams) *reconcileWatch {
	t := &terminal{w: s.err}
	return &reconcileWatch{terminal: t, line: t.progress(), started: time.Now()}
}

func (w *reconcileWatch) progress(s reconcile.Summary) {
	step := int(time.Since(w.started) / quietTime)
	if step > 0 {
		w.line.text(step, "looked at "+summaryText(s))
	}
}

// clear removes the line, so that another can be printed.
func (w *reconcileWatch) clear() { w.terminal.printf("") }
