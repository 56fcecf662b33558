//go:build linux

package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestContendersTakeTurns(t *testing.T) {
	t.Parallel()
	o := options{rounds: 2, streams: []int{1, 20}, contenders: []string{"raw", "nginx-rtmp", "tallylight-flv"}}
	var got []string
	for _, turn := range turns(o, "clip.flv") {
		got = append(got, turn.contender.name)
	}
	want := strings.Fields(`
		raw nginx-rtmp tallylight-flv
		raw nginx-rtmp tallylight-flv
		nginx-rtmp tallylight-flv raw
		nginx-rtmp tallylight-flv raw`)
	if !slices.Equal(got, want) {
		t.Errorf("turns = %q, want %q", got, want)
	}
}

func TestContendersTakePartAtTheirNumbersOfStreams(t *testing.T) {
	t.Parallel()
	o := options{rounds: 1, contenders: []string{contenderFLV, contenderNginx, contenderFloor}}
	got := make(map[string][]int)
	for _, turn := range turns(o, "clip.flv") {
		got[turn.contender.name] = append(got[turn.contender.name], turn.streams)
	}
	want := map[string][]int{
		contenderFLV:   {1, 20, 100, 200, 500},
		contenderNginx: {100},
		contenderFloor: {1, 20, 100, 200},
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("turns = %v, want %v", got, want)
	}
}

func TestEstimateFollowsWhatThereWas(t *testing.T) {
	t.Parallel()
	e := estimate{left: 4, each: 10 * time.Second}
	if got := e.remaining(); got != 40*time.Second {
		t.Errorf("before the first measurement %s remain, want 40s", got)
	}
	e.add(20 * time.Second)
	e.add(30 * time.Second)
	if got := e.remaining(); got != 50*time.Second {
		t.Errorf("after 20s and 30s %s remain for two, want 50s", got)
	}
}
