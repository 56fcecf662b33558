package conformance

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
)

func TestRefusalsPointToTheConsole(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, publicURL, want string
	}{
		{"with a public URL", "https://live.example.com", "https://live.example.com/console/errors"},
		{"with a slash at its end", "https://live.example.com:8443/", "https://live.example.com:8443/console/errors"},
		{"without one", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer, err := http.Get("http://" + startServer(t, "TALLYLIGHT_PUBLIC_URL="+tt.publicURL) + "/?Action=Nothing&Format=JSON")
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			var refusal struct{ Code, RequestId, Recommend string }
			if err := json.NewDecoder(answer.Body).Decode(&refusal); err != nil {
				t.Fatal(err)
			}
			want := tt.want
			if want != "" {
				want += "?" + url.Values{"q": {refusal.Code}, "product": {"live"}, "requestId": {refusal.RequestId}}.Encode()
			}
			if refusal.Code == "" || refusal.Recommend != want {
				t.Errorf("%s recommends %q, want %q", refusal.Code, refusal.Recommend, want)
			}
		})
	}
}
