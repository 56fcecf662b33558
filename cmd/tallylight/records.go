package main

import (
	"fmt"
	"time"

	"tallylight/internal/live"
)

type recordsCommand struct {
	List      recordsListCommand      `cmd:"" help:"List record files."`
	Reconcile recordsReconcileCommand `cmd:"" help:"Say what is missing where: objects, events, acknowledgements, rows."`
}

func (recordsCommand) Help() string {
	return `These commands read the data folder, beside a running server or without one.

Examples:

    tallylight records list --domain play.example.com --state stored
    tallylight records list --from 2026-11-23T08:00:00Z --to 2026-11-23T20:00:00Z --json
    tallylight records reconcile`
}

// recordFlags select record files.
type recordFlags struct {
	dataFlags
	Domain string    `help:"Streaming domain." placeholder:"DOMAIN"`
	App    string    `help:"App." placeholder:"APP"`
	Stream string    `help:"Stream." placeholder:"STREAM"`
	From   time.Time `help:"Files that begin at this time or later." placeholder:"2006-01-02T15:04:05Z"`
	To     time.Time `help:"Files that begin before this time." placeholder:"2006-01-02T15:04:05Z"`
	State  string    `help:"Files in this state: open, sealed, stored, discarded or deleted." enum:",open,sealed,stored,discarded,deleted" default:"" placeholder:"STATE"`
	JSON   bool      `name:"json" help:"Print one JSON object a line."`
}

func (f *recordFlags) query() (live.RecordFileQuery, error) {
	if !f.To.IsZero() && !f.From.Before(f.To) {
		return live.RecordFileQuery{}, usageError{fmt.Errorf("--from %s is not before --to %s", f.From.Format(time.RFC3339), f.To.Format(time.RFC3339))}
	}
	return live.RecordFileQuery{
		Domain: live.NormalizeDomainName(f.Domain), App: f.App, Stream: f.Stream,
		State: live.RecordFileState(f.State), From: f.From, To: f.To,
	}, nil
}
