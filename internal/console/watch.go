package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	eventStream = "text/event-stream"
	// maxWatchers bounds the pages that are kept current at a time, maxWatching
	// those of one session.
	maxWatchers = 256
	maxWatching = 16
	// watchTimeout is how long a browser may take to read what it is sent, and
	// watchSilence after which something is sent in any case, so that one that has
	// gone is noticed.
	watchTimeout = 20 * time.Second
	watchSilence = 10 * time.Second
)

// watchers counts those who look at pages that change.
type watchers struct {
	mu    sync.Mutex
	all   int
	by    map[string]int // sessions, by name
	ended context.Context
	end   context.CancelFunc
}

func newWatchers() *watchers {
	w := &watchers{by: make(map[string]int)}
	w.ended, w.end = context.WithCancel(context.Background())
	return w
}

// enter counts a watcher in, if there is room.
func (w *watchers) enter(session string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all >= maxWatchers || w.by[session] >= maxWatching {
		return false
	}
	w.all++
	w.by[session]++
	return true
}

func (w *watchers) leave(session string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all--
	if w.by[session]--; w.by[session] == 0 {
		delete(w.by, session)
	}
}

// watch answers with a page, and keeps its regions current for those who ask for
// that: load is called again every so often, and what has changed is sent. The
// page's script asks by itself.
func (v *visit) watch(name, title string, every time.Duration, load func() (any, error)) error {
	data, err := load()
	if err != nil {
		return err
	}
	if !v.watching() {
		return v.render(name, title, data)
	}
	if !v.watchers.enter(v.session.name) {
		return refused(http.StatusServiceUnavailable, "Too many pages are open.")
	}
	defer v.watchers.leave(v.session.name)
	h := v.w.Header()
	h.Set("Content-Type", eventStream)
	h.Set("X-Accel-Buffering", "no") // nginx would keep it back
	ctx, cancel := context.WithCancel(v.r.Context())
	defer cancel()
	defer context.AfterFunc(v.watchers.ended, cancel)()

	ticker := time.NewTicker(every)
	defer ticker.Stop()
	sent := make(map[string]string)
	lastSent := v.Now()
	for {
		changes, err := v.changedRegions(name, v.page(title, data), sent)
		if err != nil {
			v.Log.Error("console page failed", "path", v.r.URL.Path, "err", err)
			return nil // the answer has begun
		}
		if len(changes) == 0 && v.Now().Sub(lastSent) >= watchSilence {
			changes = []byte(": still here\n\n")
		}
		if len(changes) > 0 {
			lastSent = v.Now()
			if err := v.send(changes); err != nil {
				return nil // the visitor has gone
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		// A key that is deleted or loses a right ends what it watches: the browser asks
		// again, and is told why.
		if signedIn, err := v.resumeWatch(); err != nil || !signedIn {
			return nil
		}
		if data, err = load(); err != nil {
			return nil
		}
	}
}

// watching reports whether the request is one to keep a page current.
func (v *visit) watching() bool { return strings.Contains(v.r.Header.Get("Accept"), eventStream) }

// changedRegions returns events with the regions of a page that are not as they were
// sent, by their ids, and notes them there.
func (v *visit) changedRegions(name string, p *page, sent map[string]string) ([]byte, error) {
	var events bytes.Buffer
	for _, id := range v.pages.regions(v.lang, name) {
		var region strings.Builder
		if err := v.pages.renderRegion(&region, v.lang, name, id, p); err != nil {
			return nil, err
		}
		html := region.String()
		if last, ok := sent[id]; ok && last == html {
			continue
		}
		sent[id] = html
		message, _ := json.Marshal(map[string]string{"id": id, "html": html}) // strings can be encoded
		fmt.Fprintf(&events, "event: region\ndata: %s\n\n", message)
	}
	return events.Bytes(), nil
}

// send writes events to the browser.
func (v *visit) send(events []byte) error {
	control := http.NewResponseController(v.w)
	control.SetWriteDeadline(time.Now().Add(watchTimeout)) // of the socket, whose clock is the system's
	if _, err := v.w.Write(events); err != nil {
		return err
	}
	return control.Flush()
}

// resumeWatch reports whether the session is still one.
func (v *visit) resumeWatch() (bool, error) {
	if v.sessions.hasEnded(v.session.name) || !v.Now().Before(v.session.expires) {
		return false, nil
	}
	key, err := v.signInKey(v.r.Context(), v.session.keyID)
	return err == nil && key.Secret == v.key.Secret, err
}
