package console

import (
	"bytes"
	"flag"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// maxScreenshot bounds a picture of the documentation, in bytes.
const maxScreenshot = 150_000

var screenshots = flag.String("screenshots", "", "folder that the pictures of the documentation are written to")

// The documentation's pictures are of real pages. Without the flag they are made
// all the same, for a test that they can be.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	dir, values := *screenshots, 9 // of the curve of a live stream; there is one each ten seconds
	if dir == "" {
		dir, values = t.TempDir(), 1
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	b := newTab(t, w.server)
	b.signIn(w.key)
	for _, shot := range []struct {
		name string
		open func()
	}{
		{"recording", func() {
			b.open(w.firstLink(t, b.session().Value, "/console/recordings?status=stored&domain="+streamingDomain, "/console/recordings/[^/]+"))
			// The video shows its controls, and keeps them current, while the mouse moves.
			b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 700, 400))
			eval[chromedp.Void](b, `(async () => {
				const video = document.querySelector('video');
				video.muted = true;
				await video.play();
				await new Promise((done) => { video.addEventListener('timeupdate', () => { if (video.currentTime > 2) done(); }); });
			})()`)
			b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 710, 400))
		}},
		{"explorer", func() {
			b.open("/console/explorer/DescribeLiveRecordNotifyConfig")
			b.fill("[name='p.DomainName']", streamingDomain)
			b.do(click("#call"))
			b.await("document.querySelector('#status')")
		}},
		{"callbacks", func() {
			b.open("/console/callbacks/deliveries?stream=show&domain=" + streamingDomain)
		}},
		{"live", func() {
			b.open("/console/live/" + streamingDomain + "/live/concert")
			b.await(fmt.Sprintf("document.querySelector('#rates polyline')?.points.length >= %d", values))
		}},
	} {
		for _, scheme := range []string{"light", "dark"} {
			b.prefer(scheme)
			shot.open()
			raw, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, shot.name+"-"+scheme+".png")
			paint(t, raw, path)
			checkPicture(t, path)
		}
	}
}

func checkPicture(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if int64(picture.Width) != desk.width || int64(picture.Height) != desk.height || len(content) > maxScreenshot {
		t.Errorf("%s has %dx%d pixels in %d bytes, want %dx%d in %d at most",
			path, picture.Width, picture.Height, len(content), desk.width, desk.height, maxScreenshot)
	}
}
