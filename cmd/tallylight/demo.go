package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
	"tallylight/internal/config"
	"tallylight/internal/identity"
	"tallylight/internal/ingest/rtmp"
	"tallylight/internal/live"
	"tallylight/internal/media/flv"
	"tallylight/internal/receiver"
)

// sampleFLV is ten seconds of H.264 and AAC.
//
//go:embed sample/sample.flv
var sampleFLV []byte

// What the demo configures and pushes.
const (
	demoDomain    = "play.example.com"
	demoIngest    = "push.example.com"
	demoBucket    = "demo-shows"
	demoAuthKey   = "demonotifyauthkey"
	demoKeyID     = "demo-access-key-id"
	demoKeySecret = "demo-access-key-secret"
	demoPushArgs  = "callback_episode=42"

	// breakAt is where in the sample the encoder breaks off, and how long it
	// stays away: less than demoDelay, so that the recording goes on.
	breakAt  = 5 * time.Second
	breakFor = 1500 * time.Millisecond
	// demoDelay is the least that a rule can wait for its encoder.
	demoDelay = live.MinDelayTime
	// demoTimeout ends a demo in which something hangs.
	demoTimeout = 90 * time.Second
)

type demoCommand struct {
	Keep string  `help:"Put everything into this folder, new or empty (default: a new temporary one)." placeholder:"DIR"`
	Rate float64 `help:"Push at this multiple of real time." default:"1"`
}

func (demoCommand) Help() string {
	return `A server, a callback receiver and an encoder run in this process, on free ports
of the loopback interface. The demo configures the server as an SDK would, pushes
a ten-second sample with an interruption in it, shows the callbacks as they
arrive, and ends with the paths of the recorded files.`
}

func (c *demoCommand) Run(ctx context.Context, s *streams) error {
	if !(c.Rate >= 0.2 && c.Rate <= 100) { // slower, it would not be over within demoTimeout
		return usageError{fmt.Errorf("--rate: %v is not allowed: give 0.2 to 100", c.Rate)}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, demoTimeout, fmt.Errorf("the demo was not over after %v", demoTimeout))
	defer cancel()
	dir, err := c.folder()
	if err != nil {
		return err
	}
	d := &demo{out: &terminal{w: s.out}, dir: dir, rate: c.Rate, files: make(chan string, 8)}
	if err := d.run(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = errors.Join(cause, err)
		}
		return fmt.Errorf("demo: %w (the server's log is %s)", err, filepath.Join(dir, "server.log"))
	}
	return nil
}

// folder returns the folder of the demo, which exists and has nothing of an earlier
// one in it.
func (c *demoCommand) folder() (string, error) {
	if c.Keep == "" {
		return os.MkdirTemp("", "tallylight-demo-")
	}
	if err := os.MkdirAll(c.Keep, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(c.Keep)
	if err == nil && len(entries) > 0 {
		err = usageError{fmt.Errorf("--keep: the folder %s is not empty: name a new one", c.Keep)}
	}
	return c.Keep, err
}

// A demo is one run of the demo.
type demo struct {
	out   *terminal
	dir   string
	rate  float64
	files chan string // object keys, as file callbacks bring them

	api, push, hook string // addresses: HOST:PORT, HOST:PORT, URL
}

func (d *demo) run(ctx context.Context) error {
	d.out.title("A push, recorded and announced")
	d.out.printf("Everything runs in this process and keeps its files in %s\n", d.dir)

	stopServer, err := d.startServer(ctx)
	if err != nil {
		return err
	}
	stopReceiver, err := d.startReceiver()
	if err != nil {
		return errors.Join(err, stopServer())
	}
	d.out.printf("  server     API http://%s   encoders rtmp://%s\n", d.api, d.push)
	d.out.printf("  receiver   %s\n", d.hook)

	err = d.story(ctx)
	return errors.Join(err, stopServer(), stopReceiver())
}

// story is what the demo shows, one chapter after the other.
func (d *demo) story(ctx context.Context) error {
	d.out.title("Configuration: six calls, signed as an SDK signs them")
	for _, call := range d.calls() {
		if err := d.call(ctx, call); err != nil {
			return err
		}
	}
	target := fmt.Sprintf("rtmp://%s/live/show?vhost=%s&%s", d.push, demoIngest, demoPushArgs)
	d.out.title("Push: ten seconds of H.264 and AAC, with an interruption")
	d.out.printf("  %s\n\n", target)
	tags, err := sampleTags()
	if err != nil {
		return err
	}
	if err := d.pushTags(ctx, target, tags, 0, breakAt); err != nil {
		return err
	}
	d.out.printf("  the encoder breaks off for %v\n", breakFor)
	if err := sleep(ctx, breakFor); err != nil {
		return err
	}
	if err := d.pushTags(ctx, target, tags, breakAt, time.Hour); err != nil {
		return err
	}

	d.out.title("The recording waits for its encoder, then the files are announced")
	keys, err := d.awaitFiles(ctx, 3)
	if err != nil {
		return err
	}
	return d.epilogue(keys)
}

// startServer runs a server on free ports in dev mode; stop ends it.
func (d *demo) startServer(ctx context.Context) (stop func() error, err error) {
	cfg := config.Default()
	cfg.Data, cfg.Dev = d.dir, true
	cfg.HTTP, cfg.RTMP = "127.0.0.1:0", "127.0.0.1:0"
	logFile, err := os.Create(filepath.Join(d.dir, "server.log"))
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(logFile, nil))
	srv, err := openServer(ctx, cfg, log, keyPair{demoKeyID, demoKeySecret}, io.Discard)
	if err != nil {
		return nil, errors.Join(err, logFile.Close())
	}
	d.api, d.push = srv.httpListener.Addr().String(), srv.rtmpListener.Addr().String()
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- srv.run(running) }()
	return func() error {
		cancel()
		return errors.Join(<-done, logFile.Close())
	}, nil
}

// startReceiver runs a receiver that prints callbacks into the story.
func (d *demo) startReceiver() (stop func() error, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d.hook = "http://" + ln.Addr().String() + "/callback"
	r, err := receiver.New(receiver.Config{
		Out: d.out.callbacks(),
		Key: demoAuthKey,
		OnCallback: func(c receiver.Callback) {
			if c.Event == live.EventFileCreated {
				d.files <- c.URI
			}
		},
	})
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	srv := &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	return func() error {
		err := srv.Close()
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}

// calls returns the configuration calls of the story.
func (d *demo) calls() [][]wire.Param {
	prefix := "record/{AppName}/{StreamName}/{EscapedStartTime}_{EscapedEndTime}"
	return [][]wire.Param{
		{{Name: "Action", Value: "AddLiveDomain"}, {Name: "DomainName", Value: demoDomain},
			{Name: "LiveDomainType", Value: "liveVideo"}, {Name: "Region", Value: "cn-shanghai"}},
		{{Name: "Action", Value: "AddLiveDomain"}, {Name: "DomainName", Value: demoIngest},
			{Name: "LiveDomainType", Value: "liveEdge"}, {Name: "Region", Value: "cn-shanghai"}},
		{{Name: "Action", Value: "AddLiveDomainMapping"}, {Name: "PushDomain", Value: demoIngest}, {Name: "PullDomain", Value: demoDomain}},
		{{Name: "Action", Value: "AddLiveAppRecordConfig"}, {Name: "DomainName", Value: demoDomain}, {Name: "AppName", Value: "live"},
			{Name: "OssBucket", Value: demoBucket}, {Name: "OssEndpoint", Value: "oss-cn-shanghai.aliyuncs.com"},
			{Name: "DelayTime", Value: fmt.Sprint(int(demoDelay.Seconds()))},
			{Name: "RecordFormat.1.Format", Value: "flv"}, {Name: "RecordFormat.1.OssObjectPrefix", Value: prefix},
			{Name: "RecordFormat.2.Format", Value: "mp4"}, {Name: "RecordFormat.2.OssObjectPrefix", Value: prefix},
			{Name: "RecordFormat.3.Format", Value: "m3u8"}, {Name: "RecordFormat.3.OssObjectPrefix", Value: prefix},
			{Name: "RecordFormat.3.SliceOssObjectPrefix", Value: "record/{AppName}/{StreamName}/{UnixTimestamp}_{Sequence}"},
			{Name: "RecordFormat.3.SliceDuration", Value: "5"}},
		{{Name: "Action", Value: "AddLiveRecordNotifyConfig"}, {Name: "DomainName", Value: demoDomain}, {Name: "NotifyUrl", Value: d.hook},
			{Name: "NeedStatusNotify", Value: "true"}, {Name: "NotifyReqAuth", Value: "true"}, {Name: "NotifyAuthKey", Value: demoAuthKey}},
		{{Name: "Action", Value: "DescribeLiveRecordNotifyConfig"}, {Name: "DomainName", Value: demoDomain}},
	}
}

// call signs and sends one call, and prints it and its answer.
func (d *demo) call(ctx context.Context, params []wire.Param) error {
	params = append(params, wire.Param{Name: "Version", Value: "2016-11-01"}, wire.Param{Name: "Format", Value: "JSON"})
	signed := sign.RPC(sign.Key{ID: demoKeyID, Secret: demoKeySecret}, http.MethodPost, params, identity.RandomText(32), time.Now())
	query := url.Values{}
	for _, p := range signed {
		query.Set(p.Name, p.Value)
	}
	d.out.wrapped("  POST /?"+query.Encode(), "        ", '&')
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+d.api+"/?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return err
	}
	d.out.wrapped(fmt.Sprintf("  %d   %s", resp.StatusCode, bytes.TrimSpace(body)), "        ", ',')
	d.out.printf("\n")
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", params[0].Value, resp.Status)
	}
	return nil
}

// sampleTags returns the tags of the sample.
func sampleTags() ([]flv.Tag, error) {
	r, err := flv.NewReader(bytes.NewReader(sampleFLV))
	if err != nil {
		return nil, err
	}
	var tags []flv.Tag
	for {
		tag, err := r.ReadTag()
		if err == io.EOF {
			return tags, nil
		}
		if err != nil {
			return nil, err
		}
		tag.Body = bytes.Clone(tag.Body)
		tags = append(tags, tag)
	}
}

// pushTags publishes the part of the sample between two timestamps, paced. The
// decoder configurations, which the sample begins with, always go first.
func (d *demo) pushTags(ctx context.Context, target string, tags []flv.Tag, from, to time.Duration) error {
	p, err := rtmp.Dial(ctx, target)
	if err != nil {
		return err
	}
	total := tags[len(tags)-1].Timestamp
	bar := d.out.progress()
	started := time.Now()
	var reached time.Duration // audio and video do not come in the order of their times
	for _, tag := range tags {
		at := tag.Timestamp
		if at >= to {
			break
		}
		if at < from && !isHeader(tag) {
			continue
		}
		if !isHeader(tag) {
			if err := sleep(ctx, time.Duration(float64(at-from)/d.rate)-time.Since(started)); err != nil {
				return errors.Join(err, p.Close())
			}
			reached = max(reached, at)
			bar.show(reached, total)
		}
		if err := p.WriteTag(byte(tag.Type), uint32(at.Milliseconds()), tag.Body); err != nil {
			return errors.Join(fmt.Errorf("push: %w", err), p.Close())
		}
	}
	bar.done()
	return p.Close()
}

// isHeader reports whether the tag carries metadata or a decoder configuration.
func isHeader(t flv.Tag) bool {
	return t.Type == flv.TagScript || len(t.Body) > 1 && t.Body[1] == 0 && t.Timestamp == 0
}

// awaitFiles waits until n files were announced and returns their keys.
func (d *demo) awaitFiles(ctx context.Context, n int) ([]string, error) {
	deadline := time.Now().Add(demoDelay)
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	countdown := d.out.progress()
	var keys []string
	for len(keys) < n {
		select {
		case key := <-d.files:
			keys = append(keys, key)
		case <-ticker.C:
			if left := time.Until(deadline); left > 0 && len(keys) == 0 {
				countdown.text(int(left.Seconds())/5, fmt.Sprintf("  DelayTime: the encoder may come back for another %2.0f s", left.Seconds()))
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for file callbacks: %w", ctx.Err())
		}
	}
	countdown.done()
	return keys, nil
}

// epilogue says where the files are and what to try next.
func (d *demo) epilogue(keys []string) error {
	d.out.title("The files")
	bucket := filepath.Join(d.dir, "records", demoBucket)
	for _, key := range keys {
		path := filepath.Join(bucket, filepath.FromSlash(key))
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("announced file %s does not exist", path)
		}
		if err != nil {
			return err
		}
		d.out.printf("  %7d bytes  %s\n", info.Size(), path)
	}
	d.out.title("Next")
	d.out.printf(`  play it      ffplay %s
  your server  tallylight serve --dev
  a receiver   tallylight listen --addr 127.0.0.1:9000 --key YOURNOTIFYAUTHKEY
  a push       ffmpeg -re -i in.flv -c copy -f flv 'rtmp://127.0.0.1:1935/live/show?vhost=play.example.com'
`, filepath.Join(bucket, filepath.FromSlash(keys[len(keys)-1])))
	return nil
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
