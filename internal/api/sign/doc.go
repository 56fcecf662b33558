// Package sign computes and checks the signatures of API requests, byte for
// byte as the official clients do.
//
// Two schemes are in use. RPC signs all parameters with HMAC-SHA1 and carries
// the signature as one of them; older clients and hand-written ones use it.
// ACS3 signs query, headers and body and carries the signature in the
// Authorization header. Both need the parameters decoded first and encoded
// again canonically, because clients differ in how they encode on the way.
//
// The strings to sign are exposed: a refused caller is shown the server's, and
// tools print them. They hold nothing secret.
package sign
