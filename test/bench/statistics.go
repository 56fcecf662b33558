//go:build linux

package main

import "slices"

// A spread is the middle and the ends of some figures.
type spread struct {
	median, min, max float64
}

// newSpread returns the spread of at least one figure.
func newSpread(figures []float64) spread {
	sorted := slices.Sorted(slices.Values(figures))
	n := len(sorted)
	return spread{
		median: (sorted[(n-1)/2] + sorted[n/2]) / 2,
		min:    sorted[0],
		max:    sorted[n-1],
	}
}
