package hls_test

import (
	"net/url"
	"strings"
	"testing"

	"tallylight/internal/media/hls"
)

var keys = []struct{ from, to, want string }{
	{"a.m3u8", "b.ts", "b.ts"},
	{"x/a.m3u8", "x/b.ts", "b.ts"},
	{"x/a.m3u8", "x/y/b.ts", "y/b.ts"},
	{"x/y/a.m3u8", "x/z/b.ts", "../z/b.ts"},
	{"x/a.m3u8", "b.ts", "../b.ts"},
	{"x/b.ts/a.m3u8", "x/b.ts", "../b.ts"},
	{"x/a.m3u8", "x/a.m3u8", "a.m3u8"},
	{"a.m3u8", "2006-01-02-15:04:05.ts", "./2006-01-02-15:04:05.ts"},
	{"a.m3u8", "15:04/05.ts", "./15:04/05.ts"},
	{"x/a.m3u8", "y/15:04.ts", "../y/15:04.ts"},
	{"a.m3u8", "50% #1?.ts", "50%25%20%231%3F.ts"},
	{"a.m3u8", `"quoted"<b>.ts`, "%22quoted%22%3Cb%3E.ts"},
	{"a.m3u8", "直播/é.ts", "%E7%9B%B4%E6%92%AD/%C3%A9.ts"},
	{"a.m3u8", "a&b;c,d=e+f.ts", "a&b;c,d=e+f.ts"},
	{"a.m3u8", "line\nbreak.ts", "line%0Abreak.ts"},
}

func TestRelativeURI(t *testing.T) {
	t.Parallel()
	for _, tc := range keys {
		if got := hls.RelativeURI(tc.from, tc.to); got != tc.want {
			t.Errorf("RelativeURI(%q, %q) = %q, want %q", tc.from, tc.to, got, tc.want)
		}
	}
}

// A player that resolves the URI against the playlist's must find the object.
func FuzzRelativeURI(f *testing.F) {
	for _, tc := range keys {
		f.Add(tc.from, tc.to)
	}
	f.Fuzz(func(t *testing.T, from, to string) {
		for _, key := range []string{from, to} {
			for part := range strings.SplitSeq(key, "/") {
				if part == "" || part == "." || part == ".." {
					return // no key of an object
				}
			}
		}
		uri := hls.RelativeURI(from, to)
		if strings.ContainsAny(uri, " \"\n\r") {
			t.Errorf("RelativeURI(%q, %q) = %q, which does not fit into a playlist", from, to, uri)
		}
		base := &url.URL{Scheme: "https", Host: "bucket", Path: "/" + from}
		ref, err := url.Parse(uri)
		if err != nil {
			t.Fatalf("RelativeURI(%q, %q) = %q: %v", from, to, uri, err)
		}
		if got := base.ResolveReference(ref).Path; got != "/"+to {
			t.Errorf("RelativeURI(%q, %q) = %q, which leads to %q", from, to, uri, got)
		}
	})
}
