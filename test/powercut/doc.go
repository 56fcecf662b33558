// Package powercut shows what of the SQLite store survives a loss of power.
//
// A process writes to the store and notes each Update that has returned, while
// strace records its system calls. The calls are then replayed, up to a random
// one, onto a simulated disk: what was synced is there; of what was written since,
// each sector of 512 bytes may be there, be missing or be torn, whatever the order;
// of files that were made or removed since, the folder may know or not. The store is
// opened on what is left, and must hold every Update that had returned by then.
//
// A control runs the same process with synchronous=NORMAL, which does not sync
// commits. It has to lose some: a simulation under which it does not is none.
//
// A write that is torn harms no bytes beside it in its sector: SQLite assumes that of
// disks, too.
//
// strace sees no writes into memory that is mapped to a file. SQLite maps only its
// index of the log so, which it makes anew when it opens the database first; the
// simulated disk is without it.
package powercut
