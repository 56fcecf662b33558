package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/upload"
)

// serveReady answers 200 if the store can be read, 503 otherwise.
func (s *server) serveReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	err := s.store.View(ctx, func(tx store.Reader) error {
		_, err := tx.OwnerAccount(ctx)
		return err
	})
	if err != nil {
		http.Error(w, "store: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// metrics serves counters in the Prometheus text format.
func (s *server) metrics() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, value func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "tallylight", Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() float64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "tallylight", Name: name, Help: help}, value))
	}
	gauge("ingest_sessions", "Pushes that are live.",
		func() float64 { return float64(len(s.registry.Sessions())) })
	gauge("rtmp_connections", "RTMP connections that are open.",
		func() float64 { return float64(s.rtmp.Stats().Open) })
	counter("rtmp_connections_total", "RTMP connections taken.",
		func() float64 { return float64(s.rtmp.Stats().Accepted) })
	counter("rtmp_rejected_total", "RTMP connections closed at once, being too many.",
		func() float64 { return float64(s.rtmp.Stats().Rejected) })
	counter("rtmp_refused_total", "Pushes refused with a reason.",
		func() float64 { return float64(s.rtmp.Stats().Refused) })
	counter("rtmp_failed_total", "RTMP connections ended for what the client sent, or did not send.",
		func() float64 { return float64(s.rtmp.Stats().Failed) })
	counter("callback_attempts_total", "Attempts of callbacks.",
		func() float64 { return float64(s.deliverer.Stats().Attempts) })
	counter("callback_delivered_total", "Callbacks that a receiver took.",
		func() float64 { return float64(s.deliverer.Stats().Delivered) })
	counter("callback_dead_total", "Callbacks given up.",
		func() float64 { return float64(s.deliverer.Stats().Dead) })
	gauge("callback_running", "Attempts that run now.",
		func() float64 { return float64(s.deliverer.Stats().Running) })
	gauge("callback_receivers_open", "Servers that do not answer callbacks and are only probed.",
		func() float64 { return float64(s.deliverer.Stats().Probed) })
	gauge("callback_endpoints_parked", "URLs of callbacks that are parked.", s.parkedEndpoints)
	gauge("spool_bytes", "Bytes of the files in the spool.",
		func() float64 { return float64(s.uploads.Stats().SpoolBytes) })
	gauge("spool_quota_bytes", "Quota of the spool, 0 for none.",
		func() float64 { return float64(s.uploads.Stats().Quota) })
	gauge("spool_kept_bytes", "Bytes in the spool of files that were uploaded.",
		func() float64 { return float64(s.uploads.Stats().KeptBytes) })
	counter("upload_parts_total", "Parts of files sent to buckets.",
		func() float64 { return float64(s.uploads.Stats().PartsSent) })
	counter("upload_failures_total", "Transfers to buckets that failed.",
		func() float64 { return float64(s.uploads.Stats().Failures) })
	reg.MustRegister(bucketCollector{s.uploads})
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{})
}

// parkedEndpoints returns how many URLs are parked, not a number if the store cannot
// be read.
func (s *server) parkedEndpoints() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var list []live.ParkedEndpoint
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		list, err = r.ParkedEndpoints(ctx)
		return err
	})
	if err != nil {
		return math.NaN()
	}
	return float64(len(list))
}

// A bucketCollector tells what waits for each bucket.
type bucketCollector struct{ uploads *upload.Uploads }

var (
	bucketAway   = bucketDesc("away", "1 while transfers to the bucket fail.")
	bucketFiles  = bucketDesc("waiting_files", "Files that wait for the bucket.")
	bucketBytes  = bucketDesc("waiting_bytes", "Bytes that wait for the bucket.")
	bucketOldest = bucketDesc("waiting_seconds", "How long the file that has waited longest for the bucket does so.")
)

func bucketDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("tallylight_bucket_"+name, help, []string{"bucket"}, nil)
}

// Describe implements prometheus.Collector.
func (bucketCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{bucketAway, bucketFiles, bucketBytes, bucketOldest} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (c bucketCollector) Collect(metrics chan<- prometheus.Metric) {
	for name, b := range c.uploads.Stats().Buckets {
		gauge := func(d *prometheus.Desc, value float64) {
			metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, name)
		}
		away := 0.0
		if b.Away {
			away = 1
		}
		gauge(bucketAway, away)
		gauge(bucketFiles, float64(b.Files))
		gauge(bucketBytes, float64(b.Bytes))
		gauge(bucketOldest, b.Oldest.Seconds())
	}
}
