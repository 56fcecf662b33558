package receiver

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
)

// maxBody bounds the body of a callback, in bytes; real ones have a few hundred.
const maxBody = 1 << 20

// A Config is what a Receiver is made of; its zero value answers 200 at once and
// prints nothing.
type Config struct {
	// Key verifies the vendor's signatures, Secret those of Standard Webhooks;
	// without them signatures are not checked.
	Key    string
	Secret wire.Secret

	// Status answers callbacks, after Delay; 0 means 200.
	Status int
	Delay  time.Duration

	// Decision answers the question whether to record; nil means yes, in every
	// format.
	Decision *live.OnDemandAnswer

	// Out gets a line for each request as it comes in, before its answer: text in
	// columns, or a JSON object. With ShowBody the text is followed by the body.
	Out      io.Writer
	JSON     bool
	ShowBody bool

	// OnCallback is told of each request when it has been printed, one at a time.
	// The answer waits for it.
	OnCallback func(Callback)
}

// A Receiver takes callbacks. What is no callback it prints as well, and answers
// 404, or 400 if it was posted. The question whether to record it answers with its
// decision.
type Receiver struct {
	config   Config
	decision []byte // body of the answer to a question
	now      func() time.Time

	mu      sync.Mutex // one request at a time is told of
	printer printer
}

// New returns a receiver. It fails if the status is none of HTTP's.
func New(c Config) (*Receiver, error) {
	if c.Status == 0 {
		c.Status = http.StatusOK
	}
	if c.Status < 200 || c.Status > 599 {
		return nil, fmt.Errorf("status %d is not between 200 and 599", c.Status)
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	if c.Decision == nil {
		c.Decision = &live.OnDemandAnswer{NeedRecord: true}
	}
	decision, err := wire.OnDemandBody(*c.Decision)
	if err != nil {
		return nil, fmt.Errorf("write decision: %w", err)
	}
	return &Receiver{config: c, decision: decision, now: time.Now, printer: printer{out: c.Out, json: c.JSON, showBody: c.ShowBody}}, nil
}

// ServeHTTP implements http.Handler.
func (v *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	c := v.verify(r, body)
	c.Status = v.config.Status
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		c.Problem, c.Status = fmt.Sprintf("body has more than %d bytes", maxBody), http.StatusRequestEntityTooLarge
	case err != nil:
		c.Problem, c.Status = "body: "+err.Error(), http.StatusBadRequest
	case c.Problem != "" && r.Method == http.MethodPost:
		c.Status = http.StatusBadRequest
	case c.Problem != "":
		c.Status = http.StatusNotFound
	}
	if c.Event == EventOnDemand {
		c.Answer = v.decision
	}
	v.tell(c)

	select {
	case <-time.After(v.config.Delay):
	case <-r.Context().Done():
		return
	}
	if c.Answer != nil {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(c.Status)
	w.Write(c.Answer)
}

// verify understands a request and judges its signatures.
func (v *Receiver) verify(r *http.Request, body []byte) Callback {
	now := v.now()
	c := parse(r, body, now)
	signed := r.Host
	if r.Method == http.MethodGet && wire.IsPublish(c.Event) {
		signed = c.Domain
	}
	c.VendorSignature = verdict(wire.VerifyLive(r.Header, signed, v.config.Key, now))
	if v.config.Key == "" && c.VendorSignature != Unsigned {
		c.VendorSignature = NotChecked
	}
	c.WebhookSignature = verdict(wire.VerifyWebhook(r.Header, body, v.config.Secret, now))
	if len(v.config.Secret) == 0 && c.WebhookSignature != Unsigned {
		c.WebhookSignature = NotChecked
	}
	return c
}

func (v *Receiver) tell(c Callback) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.printer.print(c)
	if v.config.OnCallback != nil {
		v.config.OnCallback(c)
	}
}
