//go:build linux

package main

import (
	"strings"
	"testing"
	"time"
)

// costing returns a report in which a gigabyte costs each contender, at each number
// of streams, so many CPU-seconds.
func costing(costs map[string]map[int]float64) *report {
	var r report
	for name, byStreams := range costs {
		for n, cost := range byStreams {
			r.add(measurement{Contender: name, Streams: n, CPUSeconds: cost, PayloadBytes: 1e9, ResidentBytes: 100 << 10 * int64(n)})
		}
	}
	return &r
}

func TestGoalsAreJudged(t *testing.T) {
	t.Parallel()
	ratio := judgeRatio(contenderMP4, contenderFloor, 1.3)
	growth := judgeGrowth(contenderFLV, 0.15)
	median := judgeLatency(func(q quantiles) time.Duration { return q.P50 }, 5*time.Millisecond)
	for _, test := range []struct {
		name   string
		judge  func(*report) (verdict, bool)
		report *report
		want   string // part of the text; empty: not measured
		met    bool
	}{
		{"a ratio that is reached", ratio,
			costing(map[string]map[int]float64{contenderMP4: {100: 2.6}, contenderFloor: {100: 2}}), "1.30 × at 100 streams", true},
		{"a ratio that is missed", ratio,
			costing(map[string]map[int]float64{contenderMP4: {100: 2.8}, contenderFloor: {100: 2}}), "1.40 ×", false},
		{"100 streams are judged although there are more", ratio,
			costing(map[string]map[int]float64{contenderMP4: {20: 9, 100: 2, 200: 9}, contenderFloor: {20: 2, 100: 2, 200: 2}}), "1.00 × at 100", true},
		{"without 100 streams the most are judged", ratio,
			costing(map[string]map[int]float64{contenderMP4: {1: 9, 20: 2}, contenderFloor: {1: 2, 20: 2}}), "1.00 × at 20", true},
		{"nothing to compare with", ratio,
			costing(map[string]map[int]float64{contenderMP4: {100: 2}, contenderFloor: {20: 2}}), "", false},
		{"a cost that falls is no growth", growth,
			costing(map[string]map[int]float64{contenderFLV: {1: 9, 20: 2, 100: 1, 500: 1.5}}), "-50 % at 100, -25 % at 500", true},
		{"a cost that grows", growth,
			costing(map[string]map[int]float64{contenderFLV: {20: 1, 100: 1.25, 500: 1}}), "+25 % at 100", false},
		{"500 streams are needed to see growth", growth,
			costing(map[string]map[int]float64{contenderFLV: {20: 1, 100: 1}}), "", false},
		{"memory within its bound", judgeMemory(contenderFLV, 100),
			costing(map[string]map[int]float64{contenderFLV: {100: 1}}), "100 KiB at 100 streams", true},
		{"memory beyond it", judgeMemory(contenderFLV, 99),
			costing(map[string]map[int]float64{contenderFLV: {100: 1}}), "100 KiB", false},
		{"a callback in time", median,
			&report{Latency: &latency{Disconnect: quantiles{P50: 5 * time.Millisecond}}}, "5.00 ms", true},
		{"a callback that is late", median,
			&report{Latency: &latency{Disconnect: quantiles{P50: 5100 * time.Microsecond}}}, "5.10 ms", false},
		{"no callback was timed", median, &report{}, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v, ok := test.judge(test.report)
			if ok != (test.want != "") || !strings.Contains(v.text, test.want) || ok && v.met != test.met {
				t.Errorf("judged %+v, %t; want %q, met %t", v, ok, test.want, test.met)
			}
		})
	}
}
