// Package console serves the pages under /console/: what an operator looks at and
// changes, the reference and the explorer of the API, and its error center.
//
// The pages are made by the server from html/template and work without scripts.
// A page whose template has regions is kept current by Server-Sent Events while
// one looks. Nothing comes from another host, and the Content-Security-Policy
// allows neither inline scripts nor inline styles.
//
// A visitor signs in with an access key pair. What he may see and do is decided
// by the policies that bind the key, in the code that decides for API calls;
// whatever an operation of the API can do is done by calling it, signed with the
// visitor's key.
package console
