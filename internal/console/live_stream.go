package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// streamFiles bounds the files, and streamPushes the pushes, that the page of a
	// stream shows.
	streamFiles  = 10
	streamPushes = 10
)

// A streamDetail is the page of one stream, be it live or not.
type streamDetail struct {
	Key       live.StreamKey
	Page      string
	Live      bool
	Session   live.SessionInfo // if Live
	BitRate   graph
	FrameRate graph

	Activity  live.RecordActivity
	Rule      *live.RecordConfig // that matches the stream; nil: none
	Recording *live.Recording    // nil: none; nil too if the visitor may not read files
	Files     []live.RecordFile  // its latest
	Blocked   *live.Block        // nil: the stream is not forbidden
	Pushes    []push             // the latest; nil too if the visitor may not read them

	MayRecord, MayForbid, MayResume bool
	// What else of the stream and its domain the visitor may see.
	MayReadFiles, MayReadPushes, MayReadCallbacks, MayReadRules bool
	Forbid                                                      forbidForm
}

// streamKey returns the stream that the address names. Its domain has to be a
// streaming domain of the account.
func (v *visit) streamKey() (live.StreamKey, error) {
	key := live.StreamKey{Domain: live.NormalizeDomainName(v.r.PathValue("domain")), App: v.r.PathValue("app"), Stream: v.r.PathValue("stream")}
	ctx := v.r.Context()
	var d live.Domain
	err := v.Store.View(ctx, func(r store.Reader) (err error) {
		d, err = r.Domain(ctx, key.Domain)
		return err
	})
	switch {
	case errors.Is(err, live.ErrDomainNotFound),
		err == nil && (d.AccountID != v.key.AccountID || d.Type != live.StreamingDomain):
		return key, notFound("There is no streaming domain %s.", key.Domain)
	case err != nil:
		return key, fmt.Errorf("read domain %s: %w", key.Domain, err)
	}
	return key, nil
}

func (v *visit) streamPage() error {
	return v.watch("live_stream.html", v.r.PathValue("app")+"/"+v.r.PathValue("stream"), liveInterval, func() (any, error) {
		key, err := v.streamKey()
		if err != nil {
			return nil, err
		}
		if err := v.must(readStreams, key.Domain); err != nil {
			return nil, err
		}
		d := streamDetail{Key: key, Page: streamAddress(key), Forbid: readForbidForm(v.r.URL.Query())}
		for operation, may := range map[string]*bool{recordCommand: &d.MayRecord, forbidCommand: &d.MayForbid, resumeCommand: &d.MayResume,
			readRecordings: &d.MayReadFiles, readPushes: &d.MayReadPushes, readCallbacks: &d.MayReadCallbacks, readRules: &d.MayReadRules} {
			if *may, err = v.may(operation, key.Domain); err != nil {
				return nil, err
			}
		}
		sessions := v.Streams.Sessions()
		if i := slices.IndexFunc(sessions, func(s live.SessionInfo) bool { return s.Key == key }); i >= 0 {
			d.Live, d.Session = true, sessions[i]
			rates := v.Streams.Rates(key)
			d.BitRate, d.FrameRate = bitRates(rates, live.MaxRates), frameRates(rates, live.MaxRates)
		}
		status := v.Recorder.Status(key)
		d.Activity = status.Activity
		ctx := v.r.Context()
		err = v.Store.View(ctx, func(r store.Reader) error { return d.read(ctx, r, status.Recording, v.Now()) })
		if err != nil {
			return nil, fmt.Errorf("read stream %s: %w", key, err)
		}
		return d, nil
	})
}

// read reads what the store knows of the stream.
func (d *streamDetail) read(ctx context.Context, r store.Reader, recording live.RecordingID, now time.Time) error {
	rule, err := r.MatchRecordConfig(ctx, d.Key)
	switch {
	case err == nil:
		d.Rule = &rule
	case !errors.Is(err, live.ErrConfigNotFound):
		return err
	}
	block, err := r.Block(ctx, d.Key)
	switch {
	case err == nil && block.Holds(now):
		d.Blocked = &block
	case err != nil && !errors.Is(err, live.ErrNotFound):
		return err
	}
	if recording != "" && d.MayReadFiles {
		row, err := r.Recording(ctx, recording)
		switch {
		case err == nil:
			d.Recording = &row
		case !errors.Is(err, live.ErrNotFound): // it is committed in a moment
			return err
		}
		if d.Files, err = r.LatestRecordingFiles(ctx, recording, streamFiles); err != nil {
			return err
		}
	}
	if !d.MayReadPushes {
		return nil
	}
	sessions, _, err := r.PastSessions(ctx, live.SessionQuery{
		Domain: d.Key.Domain, App: d.Key.App, Stream: d.Key.Stream,
		From: now.Add(-live.SessionRetention), To: now.Add(time.Minute), // of a node whose clock is ahead
		Order: live.PublishTimeDescending, Limit: streamPushes,
	})
	d.Pushes = newPushes(sessions)
	return err
}

// Startable reports whether a command can start the recording.
func (d streamDetail) Startable() bool {
	switch d.Activity {
	case live.RecordStandby, live.RecordDeciding:
		return true
	case live.RecordWaiting:
		return d.Live
	}
	return false
}

// Stoppable reports whether a command can stop the recording.
func (d streamDetail) Stoppable() bool {
	switch d.Activity {
	case live.RecordRunning, live.RecordStarting, live.RecordDeciding, live.RecordFailing:
		return true
	}
	return false
}

// Endable reports whether there are files that a command can end at once.
func (d streamDetail) Endable() bool {
	return d.Activity == live.RecordRunning || d.Activity == live.RecordWaiting
}

// Restartable reports whether a command can begin new files.
func (d streamDetail) Restartable() bool { return d.Activity == live.RecordRunning }
