package console

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

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
	At   time.Time
	Text string // in UTC
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
	t.drawSessions(now)
	t.drawFiles(files, now)
	t.Height = timelineTop + len(t.Rows)*timelineRowGap + 6
	for i := 0; i <= 6; i++ {
		at := t.From.Add(t.To.Sub(t.From) * time.Duration(i) / 6).UTC()
		text := at.Format("15:04")
		if t.Hours > 24 {
			text = at.Format("01-02 15:04")
		}
		t.Ticks = append(t.Ticks, timelineTick{X: t.x(at), At: at, Text: text})
	}
}

// drawSessions adds their row, and keeps of sessions and gaps those in the window.
func (t *timeline) drawSessions(now time.Time) {
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
}

// drawFiles adds a row for each format of which there are files in the window.
func (t *timeline) drawFiles(files []live.RecordFile, now time.Time) {
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
