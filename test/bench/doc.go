//go:build linux

// Command bench measures what recording costs: CPU of the server for a gigabyte
// of audio and video, resident memory for a stream, allocations for a packet.
//
// Contenders take turns, round after round, so that a drift of the machine hits
// all of them: Tallylight in each format, nginx with its RTMP module, and two
// programs that do no more than read sockets and write files, which are the
// floor. Each measurement starts a fresh server in a folder of its own, pushes
// streams to it in real time from a separate process, looks at the server's CPU
// clock at the two ends of a window in which every stream is pushing, ends the
// streams, and compares the packets that ffprobe finds in the files with those
// that were sent. A measurement whose files differ is an error.
//
// The program runs itself in three roles: as the conductor that people start,
// as the load generator (publish), and as the raw servers (raw).
package main
