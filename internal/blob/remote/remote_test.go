package remote

import (
	"strings"
	"testing"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for endpoint, ok := range map[string]bool{
		"https://s3.eu-central-1.amazonaws.com":  true,
		"https://s3.eu-central-1.amazonaws.com/": true,
		"http://127.0.0.1:9000":                  true,
		"http://[::1]:9000":                      true,
		"":                                       false,
		"s3.amazonaws.com":                       false,
		"ftp://s3.amazonaws.com":                 false,
		"https://":                               false,
		"https://:9000":                          false,
		"https://h/bucket":                       false,
		"https://h?x":                            false,
		"https://u:p@h":                          false,
		"https://h:port":                         false,
	} {
		if _, err := ParseEndpoint(endpoint); (err == nil) != ok {
			t.Errorf("ParseEndpoint(%q) = %v, want success: %t", endpoint, err, ok)
		}
	}
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	for prefix, ok := range map[string]bool{
		"":                              true,
		"live/":                         true,
		"recorded/live/":                true,
		strings.Repeat("a", 254) + "/":  true,
		"live":                          false,
		"/":                             false,
		"/live/":                        false,
		"live//":                        false,
		"../":                           false,
		strings.Repeat("a", 255) + "/":  false,
		strings.Repeat("a/", 127) + "b": false,
	} {
		if err := CheckPrefix(prefix); (err == nil) != ok {
			t.Errorf("CheckPrefix(%q) = %v, want success: %t", prefix, err, ok)
		}
	}
}

func TestKeysLeaveRoomForThePrefix(t *testing.T) {
	t.Parallel()
	b := New(Config{Prefix: "live/"})
	if _, err := b.name(strings.Repeat("a", maxKeyLength-len("live/"))); err != nil {
		t.Error(err)
	}
	if _, err := b.name(strings.Repeat("a", maxKeyLength-len("live/")+1)); err == nil {
		t.Error("a key that is too long with its prefix was accepted")
	}
}
