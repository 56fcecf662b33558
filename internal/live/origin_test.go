package live

import "testing"

func TestOriginNamesTheServerOfAURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ url, want string }{
		{"http://hooks.example.com/a?b=c", "http://hooks.example.com"},
		{"HTTP://Hooks.Example.COM:80/x", "http://hooks.example.com"},
		{"https://hooks.example.com:443/", "https://hooks.example.com"},
		{"https://hooks.example.com:80/", "https://hooks.example.com:80"},
		{"http://hooks.example.com:8080", "http://hooks.example.com:8080"},
		{"http://[2001:DB8::1]:80/", "http://[2001:db8::1]"},
		{"http://user@hooks.example.com/", "http://hooks.example.com"},
		{"not a URL", "not a URL"},
		{"http://%", "http://%"},
	} {
		if got := Origin(tt.url); got != tt.want {
			t.Errorf("Origin(%q) = %q, want %q", tt.url, got, tt.want)
		}
	}
}
