package main

import (
	"testing"

	"tallylight/internal/config"
)

func TestErrorsPointToTheConsoleThatIsThere(t *testing.T) {
	t.Parallel()
	there := ""
	if consoleBuilt {
		there = "https://live.example.com/console/errors"
	}
	for _, tt := range []struct {
		name, publicURL string
		enabled         bool
		want            string
	}{
		{"as others reach it", "https://live.example.com", true, there},
		{"with a slash at its end", "https://live.example.com/", true, there},
		{"switched off", "https://live.example.com", false, ""},
		{"nobody knows how to reach it", "", true, ""},
	} {
		cfg := config.Default()
		cfg.PublicURL, cfg.Console.Enabled = tt.publicURL, tt.enabled
		if got := errorsPage(cfg); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
