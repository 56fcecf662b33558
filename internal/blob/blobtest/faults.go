package blobtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
)

// A Fault is what goes wrong with a request.
type Fault string

// The faults come in pairs: the store did nothing, or it did what it was asked and
// only the answer was lost.
const (
	Error       Fault = "500, not done"
	ErrorDone   Fault = "503, yet done"
	Cut         Fault = "connection cut within the request"
	CutDone     Fault = "connection cut before the answer, yet done"
	Silence     Fault = "no answer, not done"
	SilenceDone Fault = "no answer, yet done"
)

// AllFaults is every Fault.
var AllFaults = []Fault{Error, ErrorDone, Cut, CutDone, Silence, SilenceDone}

// Faults passes requests on to a store and lets one of them fail.
type Faults struct {
	next http.Handler

	mu     sync.Mutex
	fault  Fault
	before int    // requests that pass before the one that fails; negative: none fails
	first  func() // happens before that one instead of the fault, unless nil
}

// NewFaults returns a handler before that of a store. No request fails yet.
func NewFaults(store http.Handler) *Faults { return &Faults{next: store, before: -1} }

// Set lets the request fail that comes after before others.
func (f *Faults) Set(fault Fault, before int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.before, f.first = fault, before, nil
}

// Interpose lets first happen when before requests have passed and before the
// next one passes too.
func (f *Faults) Interpose(before int, first func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.before, f.first = "", before, first
}

// Clear lets no request fail, and reports whether what was set has happened.
func (f *Faults) Clear() (failed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	failed = f.before < 0
	f.before = -1
	return failed
}

// take returns what happens to this request.
func (f *Faults) take() (fault Fault, first func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.before < 0 {
		return "", nil
	}
	f.before--
	if f.before >= 0 {
		return "", nil
	}
	return f.fault, f.first
}

// ServeHTTP implements http.Handler.
func (f *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault, first := f.take()
	if first != nil {
		first()
	}
	switch fault {
	case "":
		f.next.ServeHTTP(w, r)
		return
	case ErrorDone, CutDone, SilenceDone:
		f.next.ServeHTTP(httptest.NewRecorder(), r)
	case Cut:
		io.CopyN(io.Discard, r.Body, r.ContentLength/2)
	}
	switch fault {
	case Error:
		http.Error(w, "injected", http.StatusInternalServerError)
	case ErrorDone:
		http.Error(w, "injected", http.StatusServiceUnavailable)
	case Silence, SilenceDone:
		io.Copy(io.Discard, r.Body) // only then can the server see that the client has gone
		<-r.Context().Done()
	}
	if fault != Error && fault != ErrorDone {
		panic(http.ErrAbortHandler)
	}
}
