package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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
	return v.watch("recordings.html", "Recordings", 2*time.Second, func() (any, error) {
		f, err := v.readFilter(readRecordings, live.StreamingDomain)
		state := live.RecordFileState(f.Status)
		if err == nil && state != "" && !slices.Contains(recordFileStates, state) {
			err = badRequest("There is no state %s.", state)
		}
		if err != nil || f.Domain == "" {
			return recordFileList{Filter: f, States: recordFileStates}, err
		}
		ctx := v.r.Context()
		page := recordFileList{Filter: f, States: recordFileStates}
		err = v.Store.View(ctx, func(r store.Reader) error {
			q := live.RecordFileQuery{Domain: f.Domain, App: f.App, Stream: f.Stream, State: state, From: f.from, To: f.to,
				Newest: true, Limit: recordFilePageSize + 1}
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
			return nil, notFound("This page began behind a file that is no longer known.")
		}
		if err != nil {
			return nil, fmt.Errorf("read record files: %w", err)
		}
		if len(page.Files) > recordFilePageSize {
			page.Files = page.Files[:recordFilePageSize]
			page.Older = f.address("after", string(page.Files[recordFilePageSize-1].ID))
		}
		// One that had nothing to play is no recording.
		page.Files = slices.DeleteFunc(page.Files, func(f live.RecordFile) bool { return f.State == live.FileDiscarded })
		return page, nil
	})
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
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		page.Deliveries, err = r.Deliveries(ctx, live.DeliveryQuery{ID: string(f.ID.EventID()), Limit: live.MaxEndpoints + 1})
		if err != nil {
			return err
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

// A timeline shows the sessions of a stream and what was recorded of them, in a
// window of time.
type timeline struct {
	Domain, App, Stream string
	From, To            time.Time
	Earlier, Later      string // addresses
	Hours               int
	Rows                []timelineRow
	Sessions            []live.PastSession
	Gaps                []timelineBar // between sessions, within the window
	Ticks               []timelineTick
	Width, Height       int
}

// A timelineRow is one line of the picture.
type timelineRow struct {
	Name string
	Kind string // of the bars: session, gap or file
	Y    int
	Bars []timelineBar
}

// A timelineBar is a span of time, with its place in the picture.
type timelineBar struct {
	X, Width float64
	From, To time.Time
	Link     string
	Growing  bool
}

// A timelineTick is a mark on the axis.
type timelineTick struct {
	X    float64
	Text string
}

// The picture of a timeline, in units of its view box.
const (
	timelineWidth  = 1000
	timelineLeft   = 90
	timelineRowGap = 30
	timelineTop    = 26
)

// timelineHours are the windows that can be chosen.
var timelineHours = []int{1, 6, 24, 168}

// Choices returns the windows that can be chosen.
func (timeline) Choices() []int { return timelineHours }

// Lasted returns how long a bar is.
func (b timelineBar) Lasted() time.Duration { return b.To.Sub(b.From) }

// maxTimeline bounds the sessions and the files of a timeline.
const maxTimeline = 500

func (v *visit) timelinePage() error {
	return v.watch("timeline.html", "Timeline", 5*time.Second, func() (any, error) { return v.timeline() })
}

func (v *visit) timeline() (t timeline, err error) {
	q := v.r.URL.Query()
	t = timeline{Domain: live.NormalizeDomainName(q.Get("domain")), App: q.Get("app"), Stream: q.Get("stream"), Width: timelineWidth, Hours: 24}
	if err := v.ownDomain(t.Domain, readRecordings); err != nil {
		return t, err
	}
	if hours, err := strconv.Atoi(q.Get("hours")); err == nil && slices.Contains(timelineHours, hours) {
		t.Hours = hours
	}
	span := time.Duration(t.Hours) * time.Hour
	if t.To, err = parseMoment(q.Get("to")); err != nil {
		return t, badRequest("%s is no time: give one such as 2026-11-23T08:00, in UTC.", q.Get("to"))
	}
	if t.To.IsZero() {
		t.To = v.Now().Truncate(time.Second)
	} else {
		t.Later = t.address(t.To.Add(span))
	}
	t.From = t.To.Add(-span)
	t.Earlier = t.address(t.From)

	ctx := v.r.Context()
	var files []live.RecordFile
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		// One that began before the window can reach into it.
		t.Sessions, _, err = r.PastSessions(ctx, live.SessionQuery{Domain: t.Domain, App: t.App, Stream: t.Stream,
			From: t.From.Add(-24 * time.Hour), To: t.To, Order: live.PublishTimeDescending, Limit: maxTimeline})
		if err != nil {
			return err
		}
		files, err = r.RecordFiles(ctx, live.RecordFileQuery{Domain: t.Domain, App: t.App, Stream: t.Stream,
			From: t.From.Add(-24 * time.Hour), To: t.To, Newest: true, Limit: maxTimeline})
		return err
	})
	if err != nil {
		return t, fmt.Errorf("read timeline of %s/%s: %w", t.App, t.Stream, err)
	}
	slices.Reverse(t.Sessions)
	slices.Reverse(files)
	t.draw(files, v.Now())
	return t, nil
}

// address returns the address of the same window that ends at another time.
func (t timeline) address(to time.Time) string {
	q := url.Values{"domain": {t.Domain}, "app": {t.App}, "stream": {t.Stream}, "hours": {strconv.Itoa(t.Hours)}, "to": {to.UTC().Format(time.RFC3339)}}
	return recordingsPath + "/timeline?" + q.Encode()
}

// draw lays out the rows: sessions with the gaps between them, then the files of
// each format.
func (t *timeline) draw(files []live.RecordFile, now time.Time) {
	var sessions, gaps []timelineBar
	var end time.Time
	visible := t.Sessions[:0]
	for _, s := range t.Sessions {
		to := s.EndedAt
		if to.IsZero() {
			to = now
		}
		bar, ok := t.bar(s.StartedAt, to)
		if !ok {
			end = to
			continue
		}
		bar.Growing = s.EndedAt.IsZero()
		if gap, ok := t.bar(end, s.StartedAt); ok && !end.IsZero() {
			gaps = append(gaps, gap)
		}
		sessions, end = append(sessions, bar), to
		visible = append(visible, s)
	}
	t.Sessions, t.Gaps = visible, gaps
	t.addRow("push", "session", sessions)
	byFormat := make(map[live.Format][]timelineBar)
	for _, f := range files {
		to := f.StopTime
		growing := f.State == live.FileOpen
		if growing {
			to = now
		}
		bar, ok := t.bar(f.StartTime, to)
		if !ok || f.State == live.FileDiscarded {
			continue
		}
		bar.Link, bar.Growing = recordingsPath+"/"+string(f.ID), growing
		byFormat[f.Format] = append(byFormat[f.Format], bar)
	}
	for _, format := range []live.Format{live.FormatFLV, live.FormatMP4, live.FormatM3U8, live.FormatCMAF} {
		if bars := byFormat[format]; bars != nil {
			t.addRow(string(format), "file", bars)
		}
	}
	t.Height = timelineTop + len(t.Rows)*timelineRowGap + 6
	for i := 0; i <= 6; i++ {
		at := t.From.Add(t.To.Sub(t.From) * time.Duration(i) / 6)
		text := at.UTC().Format("15:04")
		if t.Hours > 24 {
			text = at.UTC().Format("01-02 15:04")
		}
		t.Ticks = append(t.Ticks, timelineTick{X: t.x(at), Text: text})
	}
}

func (t *timeline) addRow(name, kind string, bars []timelineBar) {
	t.Rows = append(t.Rows, timelineRow{Name: name, Kind: kind, Y: timelineTop + len(t.Rows)*timelineRowGap, Bars: bars})
}

// bar places a span; ok is false where none of it is in the window.
func (t *timeline) bar(from, to time.Time) (b timelineBar, ok bool) {
	b = timelineBar{From: from, To: to}
	if !to.After(t.From) || !from.Before(t.To) || to.Before(from) {
		return b, false
	}
	start := from
	if start.Before(t.From) {
		start = t.From
	}
	stop := to
	if stop.After(t.To) {
		stop = t.To
	}
	b.X = t.x(start)
	b.Width = max(t.x(stop)-b.X, 2)
	return b, true
}

func (t *timeline) x(at time.Time) float64 {
	share := float64(at.Sub(t.From)) / float64(t.To.Sub(t.From))
	return float64(int((timelineLeft+share*(timelineWidth-timelineLeft-30))*10)) / 10
}
