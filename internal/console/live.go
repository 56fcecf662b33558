package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tallylight/internal/live"
)

const livePath = Root + "live"

// liveRoutes are those of streams: those that are live, those that are forbidden,
// past pushes, and one stream with what can be done about it.
var liveRoutes = []route{
	{pattern: "GET " + livePath, handle: (*visit).livePage},
	{pattern: "GET " + livePath + "/forbidden", handle: (*visit).forbiddenPage},
	{pattern: "GET " + livePath + "/history", handle: (*visit).historyPage},
	{pattern: "GET " + livePath + "/{domain}/{app}/{stream}", handle: (*visit).streamPage},
	{pattern: "POST " + livePath + "/{domain}/{app}/{stream}/record", handle: (*visit).commandRecording},
	{pattern: "POST " + livePath + "/{domain}/{app}/{stream}/forbid", handle: (*visit).forbidStream},
	{pattern: "POST " + livePath + "/{domain}/{app}/{stream}/resume", handle: (*visit).resumeStream},
}

// Operations whose rights the pages of streams need.
const (
	readStreams   = "DescribeLiveStreamsOnlineList"
	readForbidden = "DescribeLiveStreamsBlockList"
	readPushes    = "DescribeLiveStreamsPublishList"
	recordCommand = "RealTimeRecordCommand"
	forbidCommand = "ForbidLiveStream"
	resumeCommand = "ResumeLiveStream"
)

const (
	// livePageSize bounds the rows of a page.
	livePageSize = 50
	// liveInterval is how often pages of what is live are made anew.
	liveInterval = time.Second
)

// liveStreams knows the streams that are live; *ingest.Registry is one.
type liveStreams interface {
	// Sessions returns the sessions that are live, the oldest first.
	Sessions() []live.SessionInfo
	// Rates returns what has come in of a stream lately, the oldest first.
	Rates(key live.StreamKey) []live.Rate
}

// recorder knows what is recorded; *record.Recorder is one.
type recorder interface {
	Status(key live.StreamKey) live.RecordStatus
}

// A streamFilter is what the lists of streams select by; its fields are the
// parameters of their addresses.
type streamFilter struct {
	Path    string   // of the page
	Domains []string // streaming domains that the visitor may choose from
	Domain  string
	App     string
	Stream  string // a part of the name
	Page    int    // from 1
}

// readStreamFilter reads the parameters. A domain that the visitor may not use the
// operation on is not found.
func (v *visit) readStreamFilter(operation string) (f streamFilter, err error) {
	q := v.r.URL.Query()
	f = streamFilter{Path: v.r.URL.Path, Domain: live.NormalizeDomainName(q.Get("domain")), App: q.Get("app"), Stream: q.Get("stream")}
	f.Page, _ = strconv.Atoi(q.Get("page")) // 0 for what is no number
	f.Page = min(max(f.Page, 1), 100_000)
	domains, err := v.domains(operation, live.StreamingDomain)
	if err != nil {
		return f, err
	}
	for _, d := range domains {
		f.Domains = append(f.Domains, d.Name)
	}
	if f.Domain != "" && !slices.Contains(f.Domains, f.Domain) {
		return f, notFound("There is no streaming domain %s that your policies let you look at.", f.Domain)
	}
	return f, nil
}

// matches reports whether a stream is to be listed.
func (f streamFilter) matches(key live.StreamKey) bool {
	return (f.Domain == "" || f.Domain == key.Domain) && slices.Contains(f.Domains, key.Domain) &&
		(f.App == "" || f.App == key.App) && strings.Contains(key.Stream, f.Stream)
}

// Filtered reports whether the visitor asks for less than all.
func (f streamFilter) Filtered() bool { return f.Domain+f.App+f.Stream != "" }

// first returns the domain that is chosen, or the first that can be; empty if there
// is none.
func (f streamFilter) first() string {
	if f.Domain == "" && len(f.Domains) > 0 {
		return f.Domains[0]
	}
	return f.Domain
}

// offset returns how many rows come before the page.
func (f streamFilter) offset() int { return (f.Page - 1) * livePageSize }

// pages returns the addresses of the pages beside this one, empty where there are
// none.
func (f streamFilter) pages(total int) (newer, older string) {
	if f.Page > 1 {
		newer = f.address(f.Page - 1)
	}
	if f.offset()+livePageSize < total {
		older = f.address(f.Page + 1)
	}
	return newer, older
}

func (f streamFilter) address(page int) string {
	q := url.Values{"page": {strconv.Itoa(page)}}
	for name, value := range map[string]string{"domain": f.Domain, "app": f.App, "stream": f.Stream} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return f.Path + "?" + q.Encode()
}

// A liveList is the page of streams that are live.
type liveList struct {
	Filter streamFilter
	Rows   []liveRow
	Total  int
	Push   string // URL by which an encoder can push
	Newer  string
	Older  string
}

// A liveRow is a stream of a list.
type liveRow struct {
	live.SessionInfo
	Page     string // its own
	Activity live.RecordActivity
	BitRate  graph
}

func (v *visit) livePage() error {
	return v.watch("live.html", "Live", liveInterval, func() (any, error) {
		f, err := v.readStreamFilter(readStreams)
		if err != nil {
			return nil, err
		}
		list := liveList{Filter: f}
		_, list.Push = v.pushURLs(f.first())
		for _, s := range v.Streams.Sessions() {
			if !f.matches(s.Key) {
				continue
			}
			if at := list.Total - f.offset(); at >= 0 && at < livePageSize {
				list.Rows = append(list.Rows, liveRow{
					SessionInfo: s,
					Page:        streamAddress(s.Key),
					Activity:    v.Recorder.Status(s.Key).Activity,
					BitRate:     bitRates(v.Streams.Rates(s.Key), sparkWidth),
				})
			}
			list.Total++
		}
		list.Newer, list.Older = f.pages(list.Total)
		return list, nil
	})
}

// streamAddress returns the page of a stream.
func streamAddress(key live.StreamKey) string {
	return livePath + "/" + url.PathEscape(key.Domain) + "/" + url.PathEscape(key.App) + "/" + url.PathEscape(key.Stream)
}
