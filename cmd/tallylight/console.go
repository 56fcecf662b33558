package main

import (
	"net/http"
	"strings"
)

// consoleRoot is the path of the console. Without one, what stands under it is
// not found.
const consoleRoot = "/console/"

// pages is the console, or what stands in its place.
type pages interface {
	http.Handler
	// EndStreams ends the connections that never end by themselves.
	EndStreams()
}

// looksAround reports whether r is somebody who opens the server's address in a
// browser, and no call: those name an Action.
func looksAround(r *http.Request) bool {
	return r.Method == http.MethodGet && (r.URL.Path == "/" || r.URL.Path == "/console") && r.URL.RawQuery == "" &&
		r.Header.Get("Authorization") == "" && r.Header.Get("X-Acs-Action") == "" &&
		strings.Contains(r.Header.Get("Accept"), "text/html")
}

// A noConsole says why there are no pages.
type noConsole string

func (n noConsole) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, string(n), http.StatusNotFound)
}

func (noConsole) EndStreams() {}
