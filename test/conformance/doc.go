// Package conformance drives a running server with the official clients of the
// service, the Go SDKs and the RPC client for Node, unchanged, and holds what
// comes back against the SDKs' own types.
//
// It is a module of its own, so that the SDKs never become dependencies of the
// product, and knows the server by its command line and its wire alone. Whoever
// adds an operation to the server adds a row to the table in operations_test.go.
package conformance
