// Package callback tells the operator's server what happened: it delivers the
// callbacks that the store says are owed.
//
// The Deliverer claims deliveries that are due, posts each, and records the
// attempt together with what becomes of the delivery: delivered, due again later
// (see schedule), or dead and kept for replay. Delivery is at least once: after a
// crash between an answer and its record the attempt is made again, under the
// same event id.
//
// The Asker puts the one question that is not owed but waited for: whether a push
// is to be recorded.
//
// The Guard decides which addresses may be called, when a URL is configured and
// again at every dial. Package wire, below, renders and signs.
package callback
