package main

import (
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
