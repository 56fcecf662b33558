package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFlagsOverrideTheEnvironment(t *testing.T) {
	t.Parallel()
	data := "/flag"
	c := serveCommand{Data: &data}
	cfg, err := c.settings([]string{"TALLYLIGHT_DATA=/env", "TALLYLIGHT_HTTP=127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Data != "/flag" || cfg.HTTP != "127.0.0.1:1" || cfg.RTMP != ":1935" || cfg.Dev {
		t.Errorf("settings = %+v", cfg)
	}
}

func TestEmptyFlagIsChecked(t *testing.T) {
	t.Parallel()
	empty := ""
	if _, err := (&serveCommand{Data: &empty}).settings(nil); err == nil || !strings.Contains(err.Error(), "data") {
		t.Errorf("settings = %v, want an error that names data", err)
	}
}

func TestADemoBeginsInAnEmptyFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := (&demoCommand{Keep: dir}).folder(); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "server.log"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--keep", dir}, {"--rate", "0.1"}, {"--rate", "NaN"}} {
		if status, _, errOut := command(t, append([]string{"demo"}, args...)...); status != exitUsage || !strings.Contains(errOut, args[0]) {
			t.Errorf("%q: status %d: %s", args, status, errOut)
		}
	}
}

func TestWhoIsTooSlowIsStillAnswered(t *testing.T) {
	t.Parallel()
	s, _ := startServer(t)
	if s.http.ReadTimeout >= s.http.WriteTimeout {
		t.Errorf("a request may take %v, its answer has to be written within %v", s.http.ReadTimeout, s.http.WriteTimeout)
	}
}
