//go:build linux

package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary play the roles that the program starts itself in.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == roleRaw || os.Args[1] == rolePublish) {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args string
		err  string // part of it; empty: none
	}{
		{"none are needed", "", ""},
		{"one contender can run alone", "-contenders raw -streams 500", ""},
		{"an unknown contender is named", "-contenders raw,srs", `"srs" is unknown`},
		{"no streams are refused", "-streams 0", "no number of streams"},
		{"words are no streams", "-streams 1,many", "no number of streams"},
		{"a round is needed", "-rounds 0", "less than 1"},
		{"a window cuts no group of pictures", "-duration 5s", "no multiple"},
		{"a part can be run alone", "-only latency", ""},
		{"an unknown part is named", "-only speed", `"speed" is unknown`},
		{"an end is needed to time one", "-ends 0", "less than 1"},
		{"a core is tried with the first number of streams", "-limit 99", "less than 100"},
		{"calls need time", "-call-time 0s", "no time"},
		{"one database can be measured alone", "-database postgres -nodes 1", ""},
		{"an unknown database is named", "-database oracle", `"oracle" is unknown`},
		{"a node is needed", "-nodes 0", "not within"},
		{"a restart cannot be undone", "-restarts -1", "less than 0"},
		{"what is sustained takes some time", "-sustain 1s", "less than"},
		{"chunks fit the protocol", "-chunk-size 16777216", "not within"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseOptions(strings.Fields(test.args))
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("parseOptions(%q) = %v, want %q", test.args, err, test.err)
			}
		})
	}
}

func TestQuickLeavesWhatWasSaid(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{"-quick", "-streams", "7"})
	if err != nil {
		t.Fatal(err)
	}
	if o.rounds != 1 || o.duration != 2*time.Second || !slices.Equal(o.streams, []int{7}) {
		t.Errorf("rounds %d, duration %s, streams %v; want 1, 2s, [7]", o.rounds, o.duration, o.streams)
	}
}
