package console

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// readServer is no operation of the API; policies can name it all the same. It is
// the right to know of the server's disk and its buckets.
const readServer = "TallylightDescribeServer"

// maxTroubles bounds what the first page says is wrong with streams, and with
// receivers.
const maxTroubles = 20

// A Space says how the files are doing that are not in their buckets yet.
type Space struct {
	Waiting int64 // bytes of those files
	Quota   int64 // of them; 0: none
	// DiskFree and DiskSize are bytes of their file system, and DiskLow says that so
	// little is free that recordings are in danger.
	DiskFree, DiskSize int64
	DiskLow            bool
	Away               []AwayBucket // by name
}

// An AwayBucket is a bucket that takes no files.
type AwayBucket struct {
	Name   string
	Files  int           // that wait for it
	Size   int64         // of what waits, in bytes
	Oldest time.Duration // how long the first does so
}

// A trouble is something that is wrong now.
type trouble struct {
	Kind  string // bad or warn
	Text  string // in the visitor's language
	Page  string // where there is more about it; or empty
	Title string // of that page, in the visitor's language
}

// streamTrouble says what is wrong with the recording of a live stream; ok is false
// where nothing is.
func (v *visit) streamTrouble(s live.SessionInfo, a live.RecordActivity) (t trouble, ok bool) {
	t = trouble{Page: streamAddress(s.Key), Title: v.t("Stream")}
	switch {
	case a == live.RecordFailing:
		t.Kind, t.Text = "bad", v.t("%s cannot be recorded.", s.Key)
	case s.Dropped > 0:
		t.Kind, t.Text = "warn", v.t("%d frames of %s are not recorded: the disk was too slow.", s.Dropped, s.Key)
	default:
		return t, false
	}
	return t, true
}

// spaceTroubles adds what is wrong with disk and buckets, if the visitor may know
// of it.
func (v *visit) spaceTroubles(o *overview) error {
	if v.Space == nil {
		return nil
	}
	ok, err := v.may(readServer, "*")
	if err != nil || !ok {
		return err
	}
	s := v.Space()
	switch {
	case s.Quota > 0 && s.Waiting >= s.Quota:
		o.Troubles = append(o.Troubles, trouble{Kind: "bad", Text: v.t("The spool is full: %s of %s wait for their buckets. No file begins until there is room.",
			formatBytes(s.Waiting), formatBytes(s.Quota))})
	case s.Quota > 0 && s.Waiting >= s.Quota/5*4:
		o.Troubles = append(o.Troubles, trouble{Kind: "warn", Text: v.t("The spool fills up: %s of %s wait for their buckets.",
			formatBytes(s.Waiting), formatBytes(s.Quota))})
	}
	if s.DiskLow {
		o.Troubles = append(o.Troubles, trouble{Kind: "bad", Text: v.t("The disk is nearly full: %s of %s are free.",
			formatBytes(s.DiskFree), formatBytes(s.DiskSize))})
	}
	for _, b := range s.Away {
		o.Troubles = append(o.Troubles, trouble{Kind: "bad", Text: v.t("Bucket %s takes no files: %d wait (%s), the first for %s.",
			b.Name, b.Files, formatBytes(b.Size), formatDuration(b.Oldest))})
	}
	return nil
}

// receivers are those of some domains with which something is wrong.
type receivers struct {
	failing []live.ReceiverHealth // one for each origin, by it
	parked  []string              // URLs
}

// readReceivers finds the receivers of domains that fail or are parked.
func readReceivers(ctx context.Context, r store.Reader, domains []live.Domain) (found receivers, err error) {
	urls := make(map[string]bool)
	origins := make(map[string]bool)
	for _, d := range domains {
		list, err := receiverURLs(ctx, r, d)
		if err != nil {
			return found, err
		}
		for _, url := range list {
			urls[url], origins[live.Origin(url)] = true, true
		}
	}
	health, err := r.ReceiverHealth(ctx)
	if err != nil {
		return found, err
	}
	failing := make(map[string]live.ReceiverHealth)
	for _, h := range health {
		if h.Fails() && origins[h.Origin] && h.FailedAt.After(failing[h.Origin].FailedAt) {
			failing[h.Origin] = h // of several nodes, the latest
		}
	}
	found.failing = slices.SortedFunc(maps.Values(failing), func(a, b live.ReceiverHealth) int { return cmp.Compare(a.Origin, b.Origin) })
	parked, err := r.ParkedEndpoints(ctx)
	for _, p := range parked {
		if urls[p.URL] {
			found.parked = append(found.parked, p.URL)
		}
	}
	return found, err
}

// receiverURLs returns the URLs that are told of a domain's events.
func receiverURLs(ctx context.Context, r store.Reader, d live.Domain) (urls []string, err error) {
	notify, err := r.NotifyConfig(ctx, d.Name)
	if err != nil && !errors.Is(err, live.ErrConfigNotFound) {
		return nil, err
	}
	urls = append(urls, notify.NotifyURL)
	streams, err := r.StreamsNotifyConfig(ctx, d.Name)
	if err != nil && !errors.Is(err, live.ErrConfigNotFound) {
		return nil, err
	}
	urls = append(urls, streams.NotifyURL)
	endpoints, err := r.Endpoints(ctx, d.Name)
	for _, e := range endpoints {
		urls = append(urls, e.URL)
	}
	return slices.DeleteFunc(urls, func(url string) bool { return url == "" }), err
}

// receiverTroubles says what is wrong with receivers.
func (v *visit) receiverTroubles(found receivers) (list []trouble) {
	page, title := callbacksPath+"/endpoints", v.t("Endpoints")
	for _, h := range found.failing {
		text := ""
		switch {
		case h.FailedStatus != 0:
			text = v.t("%s answers callbacks with %d.", h.Origin, h.FailedStatus)
		case h.Probed():
			text = v.t("%s does not answer callbacks: %d attempts in a row. It is tried now and then.", h.Origin, h.Unanswered)
		default:
			text = v.t("%s does not answer callbacks.", h.Origin)
		}
		list = append(list, trouble{Kind: "bad", Text: text, Page: page, Title: title})
	}
	for _, url := range found.parked {
		list = append(list, trouble{Kind: "warn", Text: v.t("Callbacks to %s are parked.", url), Page: page, Title: title})
	}
	return list[:min(len(list), maxTroubles)]
}
