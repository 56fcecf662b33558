package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// maxTrialAnswer bounds what is shown of an answer, in bytes.
const maxTrialAnswer = 2048

// A sampleForm is the page on which an event that did not happen is sent.
type sampleForm struct {
	Filter  filter
	Types   []live.EventType
	Type    live.EventType
	Owed    []live.Delivery // who would be told
	Sent    []callback.Simulation
	MaySend bool
}

// sampleForm reads the form and who would be told of its event.
func (v *visit) sampleForm() (sampleForm, error) {
	f, err := v.readFilter(readCallbacks, "")
	if err != nil {
		return sampleForm{}, err
	}
	q := v.r.URL.Query()
	page := sampleForm{Filter: f, Types: live.EventTypes(), Type: live.EventFileCreated}
	if t := q.Get("type"); t != "" {
		if page.Type, err = live.ParseEventType(t); err != nil {
			return page, badRequest("There is no type of event %s.", t)
		}
	}
	if page.Filter.App == "" {
		page.Filter.App = "live"
	}
	if page.Filter.Stream == "" {
		page.Filter.Stream = "show"
	}
	for _, name := range []string{page.Filter.App, page.Filter.Stream} {
		if err := live.ValidateName(name); err != nil {
			return page, badRequest("%s cannot be the name of an app or a stream.", name)
		}
	}
	if f.Domain == "" {
		return page, nil
	}
	if page.MaySend, err = v.may(tryCallbacks, f.Domain); err != nil {
		return page, err
	}
	key := live.StreamKey{Domain: f.Domain, App: page.Filter.App, Stream: page.Filter.Stream}
	event := callback.DefaultSample(page.Type, key).Event(v.Now())
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		page.Owed, err = callback.WouldOwe(ctx, r, event)
		return err
	})
	if err != nil {
		return page, fmt.Errorf("find who is told of %s: %w", page.Type, err)
	}
	return page, nil
}

func (v *visit) sampleEventPage() error {
	page, err := v.sampleForm()
	if err != nil {
		return err
	}
	return v.render("callback_test.html", "Test event", page)
}

// sendSampleEvent sends the event of the form, which is in the address, to one of
// those who would be told, or to all.
func (v *visit) sendSampleEvent() error {
	page, err := v.sampleForm()
	if err != nil {
		return err
	}
	if err := v.must(tryCallbacks, page.Filter.Domain); err != nil {
		return err
	}
	to := v.r.PostFormValue("url")
	for _, dv := range page.Owed {
		if to != "" && dv.URL != to {
			continue
		}
		sent, err := v.Callbacks.Simulate(v.r.Context(), dv)
		if err != nil {
			return fmt.Errorf("send sample event: %w", err)
		}
		page.Sent = append(page.Sent, sent)
	}
	v.audit("send sample event", page.Filter.Domain, "type", page.Type, "receivers", len(page.Sent))
	return v.render("callback_test.html", "Test event", page)
}

// A questionForm is the page on which the operator's server is asked, without
// consequences, whether a stream would be recorded.
type questionForm struct {
	Filter    filter
	URL       string             // OnDemandUrl of the domain; empty: none
	Rule      *live.RecordConfig // that matches the stream; nil: none
	MayAsk    bool
	Codec     string
	Kbps      int
	Trial     *callback.Trial
	TrialBody string
}

// Problem is why there is no decision.
func (f questionForm) Problem() string {
	if f.Trial == nil || f.Trial.Err == nil {
		return ""
	}
	return f.Trial.Err.Error()
}

// Asks reports whether the rule lets the server ask.
func (f questionForm) Asks() bool { return f.Rule != nil && f.Rule.OnDemand == 1 }

func (v *visit) questionForm() (questionForm, live.Question, error) {
	f, err := v.readFilter(readCallbacks, "")
	if err != nil {
		return questionForm{}, live.Question{}, err
	}
	f.Domains = slices.DeleteFunc(f.Domains, func(d live.Domain) bool { return d.Type != live.StreamingDomain })
	if f.App == "" {
		f.App = "live"
	}
	if f.Stream == "" {
		f.Stream = "show"
	}
	page := questionForm{Filter: f, Codec: "h264", Kbps: 2500}
	key := live.StreamKey{Domain: f.Domain, App: f.App, Stream: f.Stream}
	q := live.Question{Key: key, VideoCodec: page.Codec, VideoKbps: page.Kbps}
	if f.Domain == "" {
		return page, q, nil
	}
	if page.MayAsk, err = v.may(tryCallbacks, f.Domain); err != nil {
		return page, q, err
	}
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) error {
		c, err := r.NotifyConfig(ctx, f.Domain)
		if err != nil && !errors.Is(err, live.ErrConfigNotFound) {
			return err
		}
		page.URL, q.URL, q.SignKey = c.OnDemandURL, c.OnDemandURL, c.SignKey()
		rule, err := r.MatchRecordConfig(ctx, key)
		if errors.Is(err, live.ErrConfigNotFound) {
			return nil
		}
		page.Rule = &rule
		return err
	})
	if err != nil {
		return page, q, fmt.Errorf("read configuration of %s: %w", f.Domain, err)
	}
	return page, q, nil
}

func (v *visit) questionPage() error {
	page, _, err := v.questionForm()
	if err != nil {
		return err
	}
	return v.render("on_demand.html", "On-demand trial", page)
}

func (v *visit) askQuestion() error {
	page, q, err := v.questionForm()
	if err != nil {
		return err
	}
	if err := v.must(tryCallbacks, page.Filter.Domain); err != nil {
		return err
	}
	if page.URL == "" {
		return badRequest("The domain %s has no OnDemandUrl.", page.Filter.Domain)
	}
	trial := v.Callbacks.Try(v.r.Context(), q)
	page.Trial, page.TrialBody = &trial, shortText(trial.Body)
	v.audit("ask on-demand", page.Filter.Domain, "status", trial.Status)
	return v.render("on_demand.html", "On-demand trial", page)
}

// shortText shows the beginning of a body; JSON is indented.
func shortText(body []byte) string {
	var indented bytes.Buffer
	if json.Indent(&indented, body, "", "  ") == nil {
		body = indented.Bytes()
	}
	if len(body) > maxTrialAnswer {
		return string(bytes.ToValidUTF8(body[:maxTrialAnswer], nil)) + "…"
	}
	return string(bytes.ToValidUTF8(body, []byte("\uFFFD")))
}

// headerLines shows headers as they are sent.
func headerLines(h http.Header) string {
	var b bytes.Buffer
	h.Write(&b) // to memory
	return string(bytes.ReplaceAll(b.Bytes(), []byte("\r\n"), []byte("\n")))
}

// millis shows how long something took.
func millis(d time.Duration) string {
	if d >= 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
