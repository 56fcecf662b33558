// Package wire holds what a callback looks like on the wire: its body, its
// headers and its signatures, written and verified.
//
// The package does no I/O. The deliverer of package callback writes with it, the
// receiver behind `tallylight listen` reads with it, so that each tests the other.
package wire
