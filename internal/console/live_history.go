package console

import (
	"fmt"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A pushHistory is the page of the pushes to a domain, the newest first.
type pushHistory struct {
	Filter streamFilter // without a domain, the visitor may look at none
	Pushes []push
	Total  int
	Newer  string
	Older  string
}

// A push is one of them.
type push struct {
	live.PastSession
	Page string        // of the stream
	Took time.Duration // 0 while it is live
}

func (v *visit) historyPage() error {
	f, err := v.readDomainFilter(readPushes)
	if err != nil {
		return err
	}
	history := pushHistory{Filter: f}
	if f.Domain == "" {
		return v.render("live_history.html", "Past pushes", history)
	}
	ctx, now := v.r.Context(), v.Now()
	var sessions []live.PastSession
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		sessions, history.Total, err = r.PastSessions(ctx, live.SessionQuery{
			Domain: f.Domain, App: f.App, Stream: f.Stream, Fuzzy: true,
			From: now.Add(-live.SessionRetention), To: now.Add(time.Minute), // of a node whose clock is ahead
			Order: live.PublishTimeDescending, Offset: f.offset(), Limit: livePageSize,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("read pushes to %s: %w", f.Domain, err)
	}
	history.Pushes = newPushes(sessions)
	history.Newer, history.Older = f.pages(history.Total)
	return v.render("live_history.html", "Past pushes", history)
}

func newPushes(sessions []live.PastSession) (list []push) {
	for _, s := range sessions {
		p := push{PastSession: s, Page: streamAddress(s.Key)}
		if !s.EndedAt.IsZero() {
			p.Took = s.EndedAt.Sub(s.StartedAt)
		}
		list = append(list, p)
	}
	return list
}
