//go:build linux

package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
)

func TestQuantiles(t *testing.T) {
	t.Parallel()
	times := func(n int) (list []time.Duration) {
		for i := range n {
			list = append(list, time.Duration(n-i)) // from n down to 1
		}
		return list
	}
	for _, test := range []struct {
		name  string
		times []time.Duration
		want  quantiles
	}{
		{"one time is all of them", times(1), quantiles{1, 1, 1, 1}},
		{"of 100 times one is longer than p99", times(100), quantiles{100, 50, 99, 100}},
		{"of 600 times six are", times(600), quantiles{600, 300, 594, 600}},
		{"of 20 times none is", times(20), quantiles{20, 10, 20, 20}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := newQuantiles(test.times); got != test.want {
				t.Errorf("newQuantiles = %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestMailboxTellsWhenACallbackArrived(t *testing.T) {
	t.Parallel()
	m, err := startMailbox()
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	before := time.Now()
	for _, body := range []string{
		`{"domain":"d","app":"live","stream":"a","event":"record_paused"}`,
		`{"domain":"d","app":"live","stream":"a","uri":"a/1.flv","duration":1.5,"start_time":1,"stop_time":2}`,
	} {
		resp, err := http.Post(m.url, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	for _, event := range []live.EventType{live.EventFileCreated, live.EventRecordPaused} {
		at, err := m.await(t.Context(), "a", event, time.Minute)
		if err != nil || at.Before(before) || at.After(time.Now()) {
			t.Errorf("%s arrived at %s, %v", event, at, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.await(ended, "b", live.EventFileCreated, time.Minute); err == nil {
		t.Error("a callback that nobody sent arrived")
	}
}
