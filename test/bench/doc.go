//go:build linux

// Command bench measures what Tallylight costs and how fast it is, in six parts.
//
// Recording: CPU of the server for a gigabyte of audio and video, resident memory
// for a stream, allocations for a packet. Contenders take turns, round after round,
// so that a drift of the machine hits all of them: Tallylight in each format, nginx
// with its RTMP module, and programs that do no more than read sockets and write
// files, which are the floor. Each measurement starts a fresh server in a folder of
// its own, pushes streams to it in real time from a separate process, looks at the
// server's CPU clock at the two ends of a window in which every stream is pushing,
// ends the streams, and compares the packets that ffprobe finds in the files, in
// slices through their playlist, with those that were sent. A measurement whose
// files differ is an error.
//
// Latency: how long it takes from the end of a push to the arrival of the callback
// that names its file.
//
// Capacity: how many streams a server on one core holds before a frame is late.
//
// Calls: signed API calls a second, and how long they take.
//
// Deliveries: events a second that are committed, delivered and recorded, how long
// after its commit a callback is requested, and what both cost, on SQLite and on a
// private PostgreSQL that several nodes share, beside what a bare HTTP client and the
// disk can do. Then how soon after a kill the first callback is made again, by the
// same server and by another, how much larger stores and delivery make a program, and,
// if -sustain asks for it, what goes on for long while old events are deleted.
//
// Console: how soon a visitor has the first page, and a player what it needs from
// anywhere in two hours of FLV.
//
// The report ends with the goals and what was measured of them. The program runs
// itself in several roles: as the conductor that people start, as the load generator
// (publish), as the raw servers (raw), as the clients (call), and as the sender, the
// receiver and the bare client of callbacks (deliver, sink, client).
package main
