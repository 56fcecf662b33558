package console

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// The way of a user who tries the whole: each step works on what the one before
// left.
func TestAUserConfiguresPushesWatchesAndReplays(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s := startServer(t)
	s.addDomains(t)
	s.record(t)
	b := newTab(t, s)
	b.signIn(s.key)

	callFromExplorer(b, r)
	watchPushAppear(b, s)
	endRecording(b)
	files := r.awaitFiles(t, 3)
	for _, format := range []string{"flv", "m3u8", "mp4"} {
		playRecording(b, format)
	}
	replayDelivery(b, r, files[0])
}

// callFromExplorer has the callbacks of the streaming domain sent to the
// receiver.
func callFromExplorer(b *tab, r *receiver) {
	b.t.Helper()
	b.open("/console/explorer/AddLiveRecordNotifyConfig")
	b.fill("[name='p.DomainName']", streamingDomain)
	b.fill("[name='p.NotifyUrl']", r.URL+"/hook")
	b.do(chromedp.SetValue(chromedp.CSS("[name='p.NeedStatusNotify']"), "true"))
	b.do(click("#call"))
	b.await("document.querySelector('#status')")
	for selector, want := range map[string]string{
		"#status":         "200",
		"#answer":         `"RequestId": "` + b.text("#request-id") + `"`,
		"#canonical":      "x-acs-action:AddLiveRecordNotifyConfig",
		"#string-to-sign": "ACS3-HMAC-SHA256",
		"#request":        "Signature=" + b.text("#signature"),
		"#code":           r.URL + "/hook",
	} {
		if got := b.text(selector); !strings.Contains(got, want) {
			b.t.Errorf("%s of the explorer is %q, want %q in it", selector, got, want)
		}
	}
	if len(b.text("#request-id")) < 32 || len(b.text("#signature")) < 32 {
		b.t.Errorf("the explorer shows the RequestId %q and the signature %q", b.text("#request-id"), b.text("#signature"))
	}
	if asked := b.asked(); len(asked) != 1 {
		b.t.Errorf("before a call that changes the server the page asked %q, want one question", asked)
	}
}

// watchPushAppear looks at the page of live streams while a push begins and ends.
func watchPushAppear(b *tab, s *server) {
	b.t.Helper()
	b.open("/console/live")
	if b.has("#streams tbody tr") {
		b.t.Error("something is live before anybody pushes")
	}
	loaded := b.events.loaded()
	push := s.push(b.t, "show", "")
	b.await("document.querySelector('#streams tbody')?.textContent.includes('live/show')")
	b.await(`[...document.querySelectorAll('#streams tbody .badge')].some((e) => e.textContent === 'recording')`)
	b.await(`/[1-9][0-9.]* [kM]bit\/s/.test(document.querySelector('#streams .measure').textContent)`)
	push.stop(b.t)
	b.await("!document.querySelector('#streams tbody')")
	if n := b.events.loaded(); n != loaded {
		b.t.Errorf("the page was loaded %d times more to show the push, want none", n-loaded)
	}
}

// endRecording ends the files that wait for their encoder.
func endRecording(b *tab) {
	b.t.Helper()
	b.open("/console/live/" + streamingDomain + "/live/show")
	b.load(click("#command-cancel_delay"))
	if notice := b.text(".notice"); !b.has(".notice.good") {
		b.t.Fatalf("ending the recording is answered with %q", notice)
	}
}

// playRecording plays the recording of a format in its page, and moves about in
// it.
func playRecording(b *tab, format string) {
	b.t.Helper()
	b.open("/console/recordings?domain=" + streamingDomain)
	row := fmt.Sprintf(`[...document.querySelectorAll('#files tbody tr')].find((e) => [...e.cells].some((c) => c.textContent === %q))`, format)
	b.await(row + "?.querySelector('.badge.good')")
	b.open(eval[string](b, "new URL("+row+".querySelector('a').href).pathname"))
	b.await("document.querySelector('video').readyState >= 1")
	type state struct {
		Time, Duration float64
		Error          string
		Bright         int // percent of the picture that is not black
	}
	const look = `{
		const canvas = document.createElement('canvas');
		canvas.width = 64; canvas.height = 36;
		const pen = canvas.getContext('2d');
		pen.drawImage(video, 0, 0, 64, 36);
		const {data} = pen.getImageData(0, 0, 64, 36);
		let bright = 0;
		for (let i = 0; i < data.length; i += 4) if (data[i] + data[i+1] + data[i+2] > 90) bright++;
		return {Time: video.currentTime, Duration: video.duration, Error: video.error?.message ?? '', Bright: Math.round(100 * bright / (64 * 36))};
	}`
	played := eval[state](b, `(async () => {
		const video = document.querySelector('video');
		video.muted = true;
		await video.play();
		await new Promise((done) => { video.addEventListener('timeupdate', () => { if (video.currentTime > 0.5) done(); }); });
		video.pause();
		`+look+`
	})()`)
	if played.Error != "" || played.Time <= 0.5 || played.Duration < 2 || played.Bright < 50 {
		b.t.Errorf("played, the %s recording is %+v, want its time to go on and its picture not to be black", format, played)
	}
	sought := eval[state](b, `(async () => {
		const video = document.querySelector('video');
		const seeked = new Promise((done) => { video.addEventListener('seeked', done, {once: true}); });
		video.currentTime = video.duration * 0.7;
		await seeked;
		`+look+`
	})()`)
	if sought.Error != "" || sought.Time < 0.65*sought.Duration || sought.Time > 0.75*sought.Duration || sought.Bright < 50 {
		b.t.Errorf("after moving to 70 %% the %s recording is %+v", format, sought)
	}
}

// replayDelivery finds the delivery of a file among the callbacks and has it made
// again.
func replayDelivery(b *tab, r *receiver, file callback) {
	b.t.Helper()
	b.open("/console/callbacks?" + url.Values{"domain": {streamingDomain}, "app": {"live"}, "stream": {"show"}, "status": {"success"}}.Encode())
	link := `[...document.querySelectorAll('#log tbody tr')].filter((e) => e.textContent.includes('` + file.kind + `')).map((e) => new URL(e.querySelector('a').href).pathname)`
	for _, path := range eval[[]string](b, link) {
		b.open(path)
		if strings.Contains(b.text("#delivery"), file.id) {
			break
		}
	}
	if !strings.Contains(b.text("#delivery"), file.id) {
		b.t.Fatalf("no delivery of the log is that of event %s", file.id)
	}
	if n := eval[int](b, "document.querySelectorAll('#delivery .attempt').length"); n != 1 {
		b.t.Errorf("the page shows %d attempts, want 1", n)
	}
	before := r.countOf(file.id)
	b.load(click("#replay"))
	r.await(b.t, "the replayed event", func() bool { return r.countOf(file.id) > before })
	b.await("document.querySelectorAll('#delivery .attempt').length === 2")
	if attempt := b.text("#delivery .attempt:first-of-type") + b.text("#delivery .attempt:last-of-type"); !strings.Contains(attempt, "replay") {
		b.t.Errorf("no attempt is shown as a replay: %s", attempt)
	}
}
