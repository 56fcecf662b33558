// Package callback tells the operator's server what happened: it delivers the
// callbacks that the store says are owed.
//
// The Deliverer is handed what an Update owes as soon as it is committed, and
// claims from the store whatever else is due. It posts each delivery, and records
// the attempt together with what becomes of the delivery: delivered, due again
// later (see schedule), or dead and kept for replay. Delivery is at least once:
// after a crash between an answer and its record the attempt is made again, under
// the same event id.
//
// One goroutine, the dispatcher, owns what is held: a queue with a line for each
// origin, whose pace says how many attempts it may have at a time and whose breaker
// keeps it to probes while it does not answer. Rounds with the store, one after the
// other, record outcomes, give back leases and claim.
//
// The Asker puts the one question that is not owed but waited for: whether a push
// is to be recorded.
//
// The Replayer has deliveries made once more, the Pruner deletes what is old of the
// log, and Simulate sends an event that never was.
//
// The Guard decides which addresses may be called, when a URL is configured and
// again at every dial. Package wire, below, renders and signs.
package callback
