package console

import (
	"fmt"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A forbiddenList is the page of the streams of a domain that are forbidden.
type forbiddenList struct {
	Filter    streamFilter // without a domain, the visitor may look at none
	Streams   []forbiddenStream
	Total     int
	MayResume bool
	Newer     string
	Older     string
}

// A forbiddenStream is one of them.
type forbiddenStream struct {
	live.Block
	Page string // of the stream
}

// readDomainFilter is readStreamFilter for pages of one domain: the first, if the
// address names none.
func (v *visit) readDomainFilter(operation string) (streamFilter, error) {
	f, err := v.readStreamFilter(operation)
	f.Domain = f.first()
	return f, err
}

func (v *visit) forbiddenPage() error {
	f, err := v.readDomainFilter(readForbidden)
	if err != nil {
		return err
	}
	list := forbiddenList{Filter: f}
	if f.Domain == "" {
		return v.render("live_forbidden.html", "Forbidden streams", list)
	}
	if list.MayResume, err = v.may(resumeCommand, f.Domain); err != nil {
		return err
	}
	ctx := v.r.Context()
	var blocks []live.Block
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		blocks, list.Total, err = r.Blocks(ctx, live.BlockQuery{Domain: f.Domain, At: v.Now(), Offset: f.offset(), Limit: livePageSize})
		return err
	})
	if err != nil {
		return fmt.Errorf("read forbidden streams of %s: %w", f.Domain, err)
	}
	for _, b := range blocks {
		list.Streams = append(list.Streams, forbiddenStream{b, streamAddress(b.Key)})
	}
	list.Newer, list.Older = f.pages(list.Total)
	return v.render("live_forbidden.html", "Forbidden streams", list)
}
