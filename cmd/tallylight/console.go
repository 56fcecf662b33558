package main

import (
	"net"
	"net/http"
	"net/netip"
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

// announceConsole tells the operator where the console is.
func (s *server) announceConsole() {
	if _, none := s.console.(noConsole); none {
		return
	}
	scheme, ln := "http", s.httpListener
	if s.httpsListener != nil {
		scheme, ln = "https", s.httpsListener
	}
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	s.log.Info("console is open", "url", scheme+"://"+net.JoinHostPort(host, port)+consoleRoot)
}
