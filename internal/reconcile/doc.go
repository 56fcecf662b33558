// Package reconcile holds what was promised against what is there: every record
// file against its object, its event and the callback owed for it, every event
// against its file, every object of a bucket and every file of the spool against
// the store. It changes nothing, and a server may work beside it.
package reconcile
