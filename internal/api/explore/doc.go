// Package explore makes requests to the API visible. Build signs a call by the
// code that checks signatures, and returns with the request all that went into
// its signature. Do hands it to the server's own handler, so that whatever holds
// for requests from outside holds for it: signature, policies, limits.
//
// What it returns never holds a secret.
package explore
