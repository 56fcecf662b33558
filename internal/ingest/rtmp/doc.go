// Package rtmp takes RTMP pushes and sends them.
//
// A [Server] accepts connections, hands each push to the ingest registry as a
// publication, and cuts the messages of encoders into media units. A [Publisher]
// is the other side: it pushes a stream to a server.
//
// One goroutine serves a connection. It reads whatever the socket holds into a
// pooled buffer and feeds that to a parser that can stop at any byte, so that a
// connection that waits holds no buffer. Message bodies are assembled in the
// memory that the units of media keep: a byte is copied once between the socket
// and the file. Where the system can, a publishing socket wakes its goroutine
// only for a batch of bytes (see [Server.Serve]).
//
// The protocol is that of Adobe's RTMP specification 1.0 (cited as "RTMP") with
// Enhanced RTMP v2, and with what encoders in the field send beyond either.
package rtmp
