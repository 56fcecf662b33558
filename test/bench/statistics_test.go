//go:build linux

package main

import "testing"

func TestSpread(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		figures []float64
		want    spread
	}{
		{"one figure is all three", []float64{3}, spread{3, 3, 3}},
		{"of an odd number the median is the middle one", []float64{9, 1, 4}, spread{4, 1, 9}},
		{"of an even number it lies between the middle two", []float64{8, 1, 2, 4}, spread{3, 1, 8}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := test.figures[0]
			if got := newSpread(test.figures); got != test.want {
				t.Errorf("newSpread(%v) = %v, want %v", test.figures, got, test.want)
			}
			if test.figures[0] != before {
				t.Error("newSpread changed its argument")
			}
		})
	}
}
