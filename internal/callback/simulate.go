package callback

import (
	"context"
	"io"
	"net/http"

	"tallylight/internal/live"
)

// A Simulation is what Simulate sent and what came of it.
type Simulation struct {
	Method  string
	URL     string
	Header  http.Header
	Body    []byte // empty for a GET
	Attempt live.Attempt
}

// Simulate makes one attempt of a delivery that nobody owes, as a Deliverer of c
// would make it; nothing is stored. Its error means that there was nothing to send.
// Store may be nil: then nothing has secrets of its own.
func Simulate(ctx context.Context, c Config, dv live.Delivery) (Simulation, error) {
	if _, _, err := newRequest(ctx, dv, dv.Event.OccurredAt); err != nil {
		return Simulation{}, err
	}
	var sim Simulation
	s := newSender(c)
	defer s.transport.CloseIdleConnections()
	s.sees = func(r *http.Request) {
		sim.Method, sim.URL, sim.Header = r.Method, r.URL.String(), r.Header.Clone()
		if r.GetBody != nil {
			if body, err := r.GetBody(); err == nil { // of bytes in memory
				sim.Body, _ = io.ReadAll(body)
			}
		}
	}
	sim.Attempt = s.send(ctx, dv, burstTimeout)
	return sim, nil
}
