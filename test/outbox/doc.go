// Package outbox tests that no event is lost between its commit and its receiver,
// however often the process that delivers it is killed.
package outbox
