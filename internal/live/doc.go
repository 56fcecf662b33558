// Package live holds the words and rules of live recording: domains, streams,
// record and notify configurations, recordings, record files, events and the
// deliveries owed for them.
//
// Everything above speaks in these types. The package does no I/O, knows no
// wire format and imports nothing of ours, so that a rule can be read and
// tested on its own.
package live
