package main

import "testing"

func TestAPlaceIsOneFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	place := placeOf(dir)
	if again := placeOf(dir); place == "" || again != place {
		t.Errorf("places %q and %q of one folder, want the same", place, again)
	}
	if placeOf(t.TempDir()) == place {
		t.Error("two folders have one place")
	}
	if got := placeOf(dir + "/missing"); got != "" {
		t.Errorf("place of no folder is %q", got)
	}
}
