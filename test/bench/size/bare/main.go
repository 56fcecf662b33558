// Command bare is the smallest program that speaks HTTPS in both directions. The
// benchmark compares the size of others with it.
package main

import (
	"log/slog"
	"net/http"
	"os"
)

func main() {
	resp, err := http.Get(os.Args[1])
	if err != nil {
		slog.Error("request failed", "err", err)
		return
	}
	slog.Error("server ended", "err", http.ListenAndServeTLS("", os.Args[1], os.Args[1], http.NotFoundHandler()), "status", resp.Status)
}
