package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/playback"
	"tallylight/internal/store"
)

const recordingsPath = Root + "recordings"

// recordingsRoutes are those of record files and of the timeline of a stream.
var recordingsRoutes = []route{
	{pattern: "GET " + recordingsPath, handle: (*visit).recordFilesPage},
	{pattern: "GET " + recordingsPath + "/timeline", handle: (*visit).timelinePage},
	{pattern: "GET " + recordingsPath + "/{id}", handle: (*visit).recordFilePage},
	{pattern: "GET " + recordingsPath + "/{id}/" + videoName, handle: (*visit).recordFileVideo},
	{pattern: "POST " + recordingsPath + "/{id}", handle: (*visit).linkRecordFile},
}

// videoName is the last element of the path of a record file as MP4.
const videoName = "video.mp4"

// readRecordings is the operation whose right one needs to see record files. Of those
// that list what was recorded it is the one that policies can allow for one domain.
const readRecordings = "DescribeLiveStreamRecordIndexFiles"

// recordFilePageSize bounds the rows of a page.
const recordFilePageSize = 50

// recordFileStates are those that can be selected.
var recordFileStates = []live.RecordFileState{live.FileOpen, live.FileSealed, live.FileStored, live.FileDeleted}

// A recordFileList is the page of record files, the newest first.
type recordFileList struct {
	States []live.RecordFileState
	Filter filter
	Files  []live.RecordFile
	Older  string
}

func (v *visit) recordFilesPage() error {
	f, err := v.readFilter(readRecordings, live.StreamingDomain)
	if err != nil {
		return err
	}
	state := live.RecordFileState(f.Status)
	if state != "" && !slices.Contains(recordFileStates, state) {
		return badRequest("There is no state %s.", state)
	}
	moved, err := v.moveOn(f, func(ctx context.Context, r store.Reader, domain string) (bool, error) {
		q := f.fileQuery()
		q.Domain, q.Limit = domain, 1
		files, err := r.RecordFiles(ctx, q)
		return len(files) > 0, err
	})
	if err != nil || moved {
		return err
	}
	return v.watch("recordings.html", "Recordings", 2*time.Second, func() (any, error) { return v.recordFiles() })
}

// recordFiles reads the list that the address asks for.
func (v *visit) recordFiles() (page recordFileList, err error) {
	page.States = recordFileStates
	if page.Filter, err = v.readFilter(readRecordings, live.StreamingDomain); err != nil || page.Filter.Domain == "" {
		return page, err
	}
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) error {
		q := page.Filter.fileQuery()
		q.Limit = recordFilePageSize + 1
		if id := v.r.URL.Query().Get("after"); id != "" {
			after, err := r.RecordFile(ctx, live.RecordFileID(id))
			if err != nil {
				return err
			}
			q.After = &after
		}
		page.Files, err = r.RecordFiles(ctx, q)
		return err
	})
	if errors.Is(err, live.ErrNotFound) {
		return page, notFound("This page began behind a file that is no longer known.")
	}
	if err != nil {
		return page, fmt.Errorf("read record files: %w", err)
	}
	if len(page.Files) > recordFilePageSize {
		page.Files = page.Files[:recordFilePageSize]
		page.Older = page.Filter.address("after", string(page.Files[recordFilePageSize-1].ID))
	}
	// One that had nothing to play is no recording.
	page.Files = slices.DeleteFunc(page.Files, func(f live.RecordFile) bool { return f.State == live.FileDiscarded })
	return page, nil
}

// fileQuery selects record files, the newest first.
func (f filter) fileQuery() live.RecordFileQuery {
	return live.RecordFileQuery{Domain: f.Domain, App: f.App, Stream: f.Stream, State: live.RecordFileState(f.Status),
		From: f.from, To: f.to, Newest: true}
}

// recordFile returns the file that the path names, if the visitor may see it.
func (v *visit) recordFile() (live.RecordFile, error) {
	ctx, id := v.r.Context(), live.RecordFileID(v.r.PathValue("id"))
	var f live.RecordFile
	err := v.Store.View(ctx, func(r store.Reader) (err error) {
		f, err = r.RecordFile(ctx, id)
		return err
	})
	if errors.Is(err, live.ErrNotFound) {
		return f, notFound("There is no record file %s.", id)
	}
	if err != nil {
		return f, fmt.Errorf("read record file %s: %w", id, err)
	}
	return f, v.ownDomain(f.Key.Domain, readRecordings)
}

// A recordFileDetail is the page of one record file.
type recordFileDetail struct {
	File       live.RecordFile
	Playable   bool
	Told       bool            // the visitor may know who was told
	Deliveries []live.Delivery // that tell of it
	Siblings   []live.RecordFile
	Slices     int
	Lifetimes  []linkLifetime
	Link       string // that was made just now
	Expires    time.Time
}

// A linkLifetime is a choice of how long a link lasts.
type linkLifetime struct {
	Value string // as time.ParseDuration reads it
	Hours int
}

// linkLifetimes are those that the page offers.
var linkLifetimes = []linkLifetime{{"1h", 1}, {"24h", 24}, {"168h", 168}}

// maxSiblings bounds the files of the same recording that are listed.
const maxSiblings = 50

// recordFileDetail reads what the page of a file shows.
func (v *visit) recordFileDetail() (recordFileDetail, error) {
	f, err := v.recordFile()
	if err != nil {
		return recordFileDetail{}, err
	}
	page := recordFileDetail{File: f, Lifetimes: linkLifetimes,
		Playable: f.State == live.FileStored || f.State == live.FileSealed}
	if page.Told, err = v.may(readCallbacks, f.Key.Domain); err != nil {
		return page, err
	}
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		if page.Told {
			page.Deliveries, err = r.Deliveries(ctx, live.DeliveryQuery{ID: string(f.ID.EventID()), Limit: live.MaxEndpoints + 1})
			if err != nil {
				return err
			}
		}
		page.Siblings, err = r.RecordingFiles(ctx, f.Recording)
		if err != nil {
			return err
		}
		slicesOf, err := r.FileSlices(ctx, f.ID)
		page.Slices = len(slicesOf)
		return err
	})
	if err != nil {
		return page, fmt.Errorf("read record file %s: %w", f.ID, err)
	}
	page.Siblings = slices.DeleteFunc(page.Siblings, func(s live.RecordFile) bool {
		return s.ID == f.ID || s.State == live.FileDiscarded
	})
	page.Siblings = page.Siblings[:min(len(page.Siblings), maxSiblings)]
	return page, nil
}

func (v *visit) recordFilePage() error {
	return v.watch("recording.html", "Recording", 2*time.Second, func() (any, error) { return v.recordFileDetail() })
}

// recordFileVideo serves the file as MP4, whatever its format.
func (v *visit) recordFileVideo() error {
	f, err := v.recordFile()
	if err != nil {
		return err
	}
	v.Recordings.ServeFile(v.w, v.r, f.ID)
	return nil
}

// linkRecordFile makes a link by which anybody can watch the file for a while. It
// is shown on the page that answers, and nowhere else.
func (v *visit) linkRecordFile() error {
	page, err := v.recordFileDetail()
	if err != nil {
		return err
	}
	lifetime, err := time.ParseDuration(v.r.PostFormValue("lifetime"))
	if err != nil {
		return badRequest("Choose how long the link is to last.")
	}
	page.Expires = v.Now().Add(lifetime).Truncate(time.Second)
	path, err := v.Recordings.Sign(v.r.Context(), page.File.ID, page.Expires)
	if errors.Is(err, playback.ErrLinkLifetime) || errors.Is(err, playback.ErrNoLinkKey) {
		return refused(http.StatusBadRequest, "No link was made: %s.", err)
	}
	if err != nil {
		return fmt.Errorf("sign link to %s: %w", page.File.ID, err)
	}
	page.Link = v.origin() + path
	v.audit("link recording", string(page.File.ID), "expires", page.Expires)
	return v.render("recording.html", "Recording", page)
}

// origin returns scheme and host under which the visitor sees the server.
func (v *visit) origin() string {
	scheme := "http"
	if v.Secure || v.r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + v.r.Host
}
