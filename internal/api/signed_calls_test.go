package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"tallylight/internal/api/sign"
)

// BenchmarkSignedCalls makes calls on the real store, each signed anew: what the
// client does to sign is in the numbers, the network is not. An update is durable,
// and so is its nonce, before it is answered.
func BenchmarkSignedCalls(b *testing.B) {
	for _, action := range []string{"DescribeLiveRecordNotifyConfig", "UpdateLiveRecordNotifyConfig"} {
		for _, clients := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/clients=%d", action, clients), func(b *testing.B) {
				f := sqliteFixture(b).prepare(action)
				p := params(action, valid[action]...)
				var calls atomic.Int64
				b.ReportAllocs()
				b.ResetTimer()
				var running sync.WaitGroup
				for range clients {
					running.Go(func() {
						for {
							n := calls.Add(1)
							if n > int64(b.N) {
								return
							}
							w := &discardResponse{header: http.Header{}}
							signed := sign.RPC(testKey, "GET", p, fmt.Sprint("benchmark-", n), testTime)
							f.server.ServeHTTP(w, httptest.NewRequest("GET", "/?"+signed.Encode(), nil))
							if w.status != http.StatusOK {
								b.Errorf("status %d", w.status)
								return
							}
						}
					})
				}
				running.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
			})
		}
	}
}
