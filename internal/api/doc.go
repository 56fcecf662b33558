// Package api answers the RPC-style API of live recording, version 2016-11-01,
// as the official SDKs and command line speak it.
//
// Everything hangs on one table, operations: what each action is called, how
// often it may be called, what it takes, answers and refuses. One dispatcher,
// Server, does what every action needs, in this order: it reads the request,
// checks who sent it and what his policies allow, throttles, decodes the
// parameters, calls the handler, encodes the answer and writes a log line. A
// handler, one file op_*.go each, asks the store and the rules of package live,
// and nothing else.
//
// Package apierr holds the errors of the wire, package sign the signatures,
// package wire the encodings.
package api
