package callback

import (
	"context"
	"net/http"
	"time"

	"tallylight/internal/live"
)

// RequestFor returns the request that an attempt to deliver dv at now would send,
// in what the vendor documents of it, and its body. It is for those who hand an
// event on by other ways.
func RequestFor(dv live.Delivery, now time.Time) (r *http.Request, body []byte, err error) {
	return newRequest(context.Background(), dv, now)
}
