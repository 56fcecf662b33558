// Package node keeps this server's place among those that share a database.
//
// Each has a row under its name, with a lease that [Member.Run] renews: as long as it
// holds, the streams that are live there are refused elsewhere, and a second process
// of that name, such as one on a copy of the data folder, is kept out. Servers do not
// talk to each other. What is to happen on another one is in the store, which each
// looks at twice a second: a session that what was committed forbids is ended, and
// [Member.Command] leaves an order there.
package node
