// Package ingest keeps the registry of live streams: who publishes what, now.
//
// Each protocol under ingest/ accepts encoders in its own way and asks the
// [Registry] to publish. The registry finds the streaming domain that a push
// belongs to, lets one publisher at a time have a stream, and opens a [Reader]
// that takes the units. It knows no protocol and no recorder.
package ingest
