package main

import (
	"reflect"
	"strings"
	"testing"

	"tallylight/internal/live"
)

func TestDecisionsOfTheReceiver(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]*live.OnDemandAnswer{
		"yes":       {NeedRecord: true},
		"no":        {},
		"mp4":       {NeedRecord: true, Formats: []live.Format{live.FormatMP4}},
		"cmaf, flv": {NeedRecord: true, Formats: []live.Format{live.FormatCMAF, live.FormatFLV}},
		"":          nil,
		"true":      nil,
		"mp4,":      nil,
		"mp4,ts":    nil,
	} {
		got, err := parseDecision(text)
		if (err == nil) != (want != nil) || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestAReceiverDoesNotAnswerBeforeItIsAsked(t *testing.T) {
	t.Parallel()
	if status, _, errOut := command(t, "listen", "--addr", "127.0.0.1:0", "--delay=-1s"); status != exitUsage || !strings.Contains(errOut, "--delay") {
		t.Errorf("status %d: %s", status, errOut)
	}
}
