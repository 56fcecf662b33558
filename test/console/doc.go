// Package console works with the pages under /console/ as a visitor does: in
// Chromium, against a started server that ffmpeg pushes to, with a receiver that
// takes its callbacks.
//
// Every page is opened in both languages, light and dark, on a desk and on a
// phone, and judged by axe; whatever the browser complains about, and a request
// to another host, is a failure of the test that caused it.
//
// It is a module of its own, so that what drives the browser never becomes a
// dependency of the product, and knows the server by its command line, its wire
// and its pages alone. A page that no row of the table in pages_test.go names
// fails the tests as soon as a page links to it.
package console
