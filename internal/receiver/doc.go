// Package receiver is the other side of callbacks: an HTTP handler that takes
// them as an operator's server would, says whether their signatures verify, and
// prints a line for each. It stands behind `tallylight listen`, and in `tallylight
// demo` and in tests it tells a function of each callback.
package receiver
