package main

import (
	"fmt"
	"time"

	"tallylight/internal/live"
)

type recordsCommand struct {
	List      recordsListCommand      `cmd:"" help:"List record files."`
	Export    recordsExportCommand    `cmd:"" help:"Write a record file of any format as an MP4."`
	Link      recordsLinkCommand      `cmd:"" help:"Make a URL by which anybody can watch a record file for a time."`
	Reconcile recordsReconcileCommand `cmd:"" help:"Say what is missing where: objects, events, acknowledgements, rows."`
}

func (recordsCommand) Help() string {
	return `These commands read the data folder, beside a running server or without one.

Examples:

    tallylight records list --domain play.example.com --state stored
    tallylight records list --from 2026-11-23T08:00:00Z --to 2026-11-23T20:00:00Z --json
    tallylight records export file_06fm4k3s… --output show.mp4
    tallylight records link file_06fm4k3s… --expires 24h
    tallylight records reconcile`
}

// recordFlags select record files.
type recordFlags struct {
	dataFlags
	recordSelection
	State string `help:"Files in this state: open, sealed, stored, discarded or deleted." enum:",open,sealed,stored,discarded,deleted" default:"" placeholder:"STATE"`
	JSON  bool   `name:"json" help:"Print one JSON object a line."`
}

func (f *recordFlags) query() (live.RecordFileQuery, error) {
	q, err := f.recordSelection.query()
	q.State = live.RecordFileState(f.State)
	return q, err
}

// A recordSelection is a stream or more, and a time.
type recordSelection struct {
	Domain string    `help:"Streaming domain." placeholder:"DOMAIN"`
	App    string    `help:"App." placeholder:"APP"`
	Stream string    `help:"Stream." placeholder:"STREAM"`
	From   time.Time `help:"Files that begin at this time or later." placeholder:"2006-01-02T15:04:05Z"`
	To     time.Time `help:"Files that begin before this time." placeholder:"2006-01-02T15:04:05Z"`
}

func (f *recordSelection) query() (live.RecordFileQuery, error) {
	if !f.To.IsZero() && !f.From.Before(f.To) {
		return live.RecordFileQuery{}, usageError{fmt.Errorf("--from %s is not before --to %s", f.From.Format(time.RFC3339), f.To.Format(time.RFC3339))}
	}
	return live.RecordFileQuery{
		Domain: live.NormalizeDomainName(f.Domain), App: f.App, Stream: f.Stream, From: f.From, To: f.To,
	}, nil
}
