package console

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// events keeps what the browser tells of a tab.
type events struct {
	host string // the only one that requests may go to

	mu        sync.Mutex
	page      string // the latest that was asked for
	found     []string
	expected  []string
	documents int // that were asked for
	kinds     map[network.RequestID]network.ResourceType
	sizes     map[network.ResourceType]float64 // of bodies as they were sent, in bytes
}

func newEvents(host string) *events {
	e := &events{host: host}
	e.reset()
	return e
}

// take is told of every event of the tab, in order.
func (e *events) take(event any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		text := event.ExceptionDetails.Text
		if thrown := event.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
		e.find("exception: " + text)
	case *runtime.EventConsoleAPICalled:
		if event.Type == "error" || event.Type == "warning" || event.Type == "assert" {
			e.find(fmt.Sprintf("console.%s: %v", event.Type, event.Args))
		}
	case *log.EventEntryAdded:
		if event.Entry.Level == log.EntryLevelError || event.Entry.Level == log.EntryLevelWarning {
			e.find(fmt.Sprintf("%s: %s (%s)", event.Entry.Source, event.Entry.Text, event.Entry.URL))
		}
	case *audits.EventIssueAdded:
		e.find(describe(event.Issue))
	case *network.EventRequestWillBeSent:
		e.kinds[event.RequestID] = event.Type
		if event.Type == network.ResourceTypeDocument {
			e.documents++
			e.page = event.Request.URL
		}
		u, err := url.Parse(event.Request.URL)
		if err != nil || u.Host != e.host && u.Scheme != "data" { // the browser's own controls are such images
			e.find("request to " + event.Request.URL)
		}
	case *network.EventLoadingFinished:
		e.sizes[e.kinds[event.RequestID]] += event.EncodedDataLength
	}
}

// describe says what an issue is that the browser found.
func describe(issue *audits.InspectorIssue) string {
	text := string(issue.Code)
	switch d := issue.Details; {
	case d.ContentSecurityPolicyIssueDetails != nil:
		text += fmt.Sprintf(": %s of %s", d.ContentSecurityPolicyIssueDetails.ViolatedDirective, d.ContentSecurityPolicyIssueDetails.BlockedURL)
	case d.GenericIssueDetails != nil:
		text += ": " + string(d.GenericIssueDetails.ErrorType) + " " + d.GenericIssueDetails.ViolatingNodeAttribute
	}
	return text
}

// find keeps a complaint, unless the test expects it.
func (e *events) find(complaint string) {
	for _, part := range e.expected {
		if strings.Contains(complaint, part) {
			return
		}
	}
	if complaint = e.page + ": " + complaint; !slices.Contains(e.found, complaint) {
		e.found = append(e.found, complaint)
	}
}

// expect says that complaints that hold part are no faults: the test causes them.
func (e *events) expect(part string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.expected = append(e.expected, part)
}

// faults returns the complaints that nobody expected.
func (e *events) faults() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.found
}

// location returns the page that was asked for last.
func (e *events) location() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.page
}

// loaded returns how many documents were asked for.
func (e *events) loaded() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.documents
}

// reset begins to count sizes afresh.
func (e *events) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kinds = make(map[network.RequestID]network.ResourceType)
	e.sizes = make(map[network.ResourceType]float64)
}

// transferred returns how many bytes were sent for pages since reset, but for
// videos and for what keeps pages current.
func (e *events) transferred() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	var sum float64
	for kind, size := range e.sizes {
		if kind != network.ResourceTypeMedia && kind != network.ResourceTypeEventSource {
			sum += size
		}
	}
	return int(sum)
}
