package config

import "testing"

func TestSizes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		size Size
		text string
	}{
		"0":          {0, "0"},
		"1000":       {1000, "1000"},
		"1024":       {1 << 10, "1KiB"},
		"500MiB":     {500 << 20, "500MiB"},
		"50 GiB":     {50 << 30, "50GiB"},
		"2048GiB":    {2 << 40, "2TiB"},
		"8388607TiB": {8388607 << 40, "8388607TiB"},
	} {
		got, err := ParseSize(text)
		if err != nil || got != want.size || got.String() != want.text {
			t.Errorf("ParseSize(%q) = %d (%s), %v; want %d (%s)", text, got, got, err, want.size, want.text)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "-1GiB", "1.5GiB", "1GB", "1gib", "x", "8388608TiB", "9223372036854775808"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", text, got)
		}
	}
}
