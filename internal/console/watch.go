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
	if !v.watching() {
		data, err := load()
		if err != nil {
			return err
		}
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
	return v.sendRegions(ctx, name, title, every, load)
}

// watching reports whether the request is one to keep a page current.
func (v *visit) watching() bool { return strings.Contains(v.r.Header.Get("Accept"), eventStream) }

// sendRegions sends what changes until ctx ends, which is no error.
func (v *visit) sendRegions(ctx context.Context, name, title string, every time.Duration, load func() (any, error)) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	control := http.NewResponseController(v.w)
	sent := make(map[string]string)
	ids := v.pages.regions(v.lang, name)
	lastSent := v.Now()
	for {
		// A key that is deleted or loses a right ends what it watches.
		if signedIn, err := v.resumeWatch(); err != nil || !signedIn {
			return nil
		}
		data, err := load()
		if err != nil {
			return nil // the browser asks again, and is shown why
		}
		var b bytes.Buffer
		for _, id := range ids {
			var region bytes.Buffer
			if err := v.pages.renderRegion(&region, v.lang, name, id, v.page(title, data)); err != nil {
				v.Log.Error("console page failed", "path", v.r.URL.Path, "err", err)
				return nil // the answer has begun
			}
			if html := region.String(); html != sent[id] {
				sent[id] = html
				message, _ := json.Marshal(map[string]string{"id": id, "html": html}) // strings can be encoded
				fmt.Fprintf(&b, "event: region\ndata: %s\n\n", message)
			}
		}
		if b.Len() == 0 && v.Now().Sub(lastSent) >= watchSilence {
			b.WriteString(": still here\n\n")
		}
		if b.Len() > 0 {
			lastSent = v.Now()
			control.SetWriteDeadline(time.Now().Add(watchTimeout)) // of the socket, whose clock is the system's
			if _, err := v.w.Write(b.Bytes()); err != nil {
				return nil
			}
			if err := control.Flush(); err != nil {
				return nil
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// resumeWatch reports whether the session is still one.
func (v *visit) resumeWatch() (bool, error) {
	if v.sessions.hasEnded(v.session.name) || !v.Now().Before(v.session.expires) {
		return false, nil
	}
	key, err := v.signInKey(v.r.Context(), v.session.keyID)
	return err == nil && key.Secret == v.key.Secret, err
}
