package e2e

import (
	_ "embed"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media/mediatest"
)

//go:embed testdata/player.html
var player []byte

// A viewing is what the player saw.
type viewing struct {
	Error         string
	Duration      float64   // seconds
	Times         []float64 // currentTime, while it played
	Bright        int       // pixels of a drawn picture that are not black
	Audio         int       // bytes of audio that were decoded
	Width, Height int
}

func TestRecordingsPlayInABrowser(t *testing.T) {
	t.Parallel()
	m := startMatrix(t, []coding{
		{"h264-aac", mediatest.H264, mediatest.AAC},
		{"h264-mp3", mediatest.H264, mediatest.MP3},
		{"av1-opus", mediatest.AV1, mediatest.Opus},
	}, time.Hour)
	m.each(t, func(c coding, url string) { push(t, url, m.sources[c.name].tags()) })
	for _, f := range m.finish(t) {
		query := url.Values{}
		switch {
		case f.Format == "mp4":
			query.Set("file", "/"+f.Object)
		case f.Format == "cmaf" && f.Stream != "h264-mp3": // browsers do not append MP3 in MP4
			query.Set("manifest", "/"+f.Object)
			for _, kind := range []live.SliceKind{live.SliceVideo, live.SliceAudio} {
				query.Set(string(kind), "/"+live.CMAFPlaylistKey(f.Object, kind))
			}
		default:
			continue
		}
		t.Run(f.Stream+" as "+f.Format, func(t *testing.T) {
			t.Parallel()
			checkViewing(t, view(t, filepath.Join(m.data, "records", bucket), query), f.Seconds)
		})
	}
}

// view has a browser open the player on the objects of a folder.
func view(t *testing.T, dir string, query url.Values) viewing {
	t.Helper()
	reports := make(chan viewing, 1)
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServer(http.Dir(dir)))
	mux.HandleFunc("GET /player.html", func(w http.ResponseWriter, _ *http.Request) { w.Write(player) })
	mux.HandleFunc("POST /report", func(_ http.ResponseWriter, r *http.Request) {
		var v viewing
		if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
			v.Error = err.Error()
		}
		reports <- v
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	profile := t.TempDir()
	browser := start(t, nil, "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--mute-audio",
		"--autoplay-policy=no-user-gesture-required", "--user-data-dir="+profile, server.URL+"/player.html?"+query.Encode())
	select {
	case v := <-reports:
		return v
	case <-browser.exited:
		t.Fatalf("the browser ended with status %d", browser.status)
	case <-time.After(patience):
		t.Fatalf("waited %v in vain for the player", patience)
	}
	return viewing{}
}

func checkViewing(t *testing.T, v viewing, seconds float64) {
	t.Helper()
	if v.Error != "" {
		t.Fatalf("the player failed: %s", strings.TrimSpace(v.Error))
	}
	if math.Abs(v.Duration-seconds) > 0.1 {
		t.Errorf("the player finds a duration of %v s, want %v", v.Duration, seconds)
	}
	if last := len(v.Times) - 1; v.Times[last] <= v.Times[0] && last > 0 || v.Times[last] < 0.5 {
		t.Errorf("the player's time went on like this: %v", v.Times)
	}
	if v.Width != 320 || v.Height != 180 || v.Bright < 320*180/4 {
		t.Errorf("a picture of %dx%d has %d pixels that are not black", v.Width, v.Height, v.Bright)
	}
	if v.Audio == 0 {
		t.Error("no audio was decoded")
	}
}
