package rtmp

import (
	"fmt"
	"strings"
	"testing"
)

func TestPushURLs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name               string
		app, tcURL, stream string
		want               string // host, app, stream, args
	}{
		{"ffmpeg and OBS put parameters with the stream", "live", "rtmp://push.example.com:1935/live", "show?vhost=a.example.com&callback_id=7",
			"a.example.com live show [{vhost a.example.com} {callback_id 7}]"},
		{"the host of the URL is the domain", "live", "rtmp://push.example.com:1935/live", "show", "push.example.com live show []"},
		{"the port may be missing", "live", "rtmp://push.example.com/live", "show", "push.example.com live show []"},
		{"parameters with the app", "live?vhost=a.example.com", "rtmp://1.2.3.4/live?vhost=a.example.com", "show", "a.example.com live show [{vhost a.example.com}]"},
		{"parameters in tcUrl only", "live", "rtmp://1.2.3.4/live?vhost=a.example.com&k=v", "show", "a.example.com live show [{vhost a.example.com} {k v}]"},
		{"the stream's vhost wins, and its parameters come first", "live?vhost=a.example.com", "rtmp://1.2.3.4/live", "show?k=v&vhost=b.example.com",
			"b.example.com live show [{k v} {vhost b.example.com} {vhost a.example.com}]"},
		{"vhost may have a port", "live", "rtmp://1.2.3.4/live", "show?vhost=a.example.com:1935", "a.example.com live show [{vhost a.example.com:1935}]"},
		{"slashes around names", "/live/", "rtmp://a.example.com/live/", "/show", "a.example.com live show []"},
		{"slash before the parameters", "live/?k=v", "rtmp://a.example.com/live/?k=v", "show", "a.example.com live show [{k v}]"},
		{"app in tcUrl only", "", "rtmp://a.example.com/live", "show", "a.example.com live show []"},
		{"no tcUrl", "live", "", "show", " live show []"},
		{"tcUrl without a path", "live", "rtmp://a.example.com", "show", "a.example.com live show []"},
		{"tcUrl with a user", "live", "rtmp://user:secret@a.example.com/live", "show", "a.example.com live show []"},
		{"IPv6 address", "live", "rtmp://[2001:db8::1]:1935/live", "show", "2001:db8::1 live show []"},
		{"IPv6 address without port", "live", "rtmp://[2001:db8::1]/live", "show", "2001:db8::1 live show []"},
		{"parameters are decoded", "live", "rtmp://a.example.com/live", "show?record_config=%7B%22NeedRecord%22%3Atrue%7D&a=b+c&=d&e",
			`a.example.com live show [{record_config {"NeedRecord":true}} {a b c} { d} {e }]`},
		{"wrong escapes stay", "live", "rtmp://a.example.com/live", "show?a=100%", "a.example.com live show [{a 100%}]"},
		{"a repeated parameter is kept", "live", "rtmp://a.example.com/live", "show?a=1&a=2&a=1", "a.example.com live show [{a 1} {a 2} {a 1}]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			target, err := parseTarget(tc.app, tc.tcURL)
			if err != nil {
				t.Fatal(err)
			}
			stream, args := parseStream(tc.stream)
			args = append(args, target.args...)
			if got := fmt.Sprintf("%s %s %s %v", target.domain(args), target.app, stream, args); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestPushURLsWithoutAnApp(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ app, tcURL, want string }{
		{"", "", "names no app"},
		{"/", "rtmp://a.example.com/", "names no app"},
		{"?k=v", "rtmp://a.example.com", "names no app"},
		{"live/room", "rtmp://a.example.com/live/room", "more than one part"},
		{"li ve", "rtmp://a.example.com/li ve", "may hold letters"},
	} {
		if _, err := parseTarget(tc.app, tc.tcURL); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("parseTarget(%q, %q): %v, want an error with %q", tc.app, tc.tcURL, err, tc.want)
		}
	}
}

func TestParametersAreBounded(t *testing.T) {
	t.Parallel()
	if got := len(parseArgs(nil, strings.Repeat("a=b&", 10*maxArgs))); got != maxArgs {
		t.Errorf("%d parameters, want %d", got, maxArgs)
	}
}
