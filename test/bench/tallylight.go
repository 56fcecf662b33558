//go:build linux

package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
)

const (
	benchDomain = "bench.example.com"
	benchBucket = "bench"
	// tallylightChunkSize is what Tallylight announces.
	tallylightChunkSize = 65536
)

// A setup is a way to run Tallylight. Its zero value records nothing.
type setup struct {
	formats   []string // of RecordFormat.N.Format
	chunkSize int      // of pushes, in bytes; 0: what the options say
	delay     time.Duration
	notifyURL string   // takes the callbacks; empty: nobody does
	env       []string // more of the server's environment
	cores     string   // the only ones that the server runs on, as taskset lists them; empty: all
}

// start runs the binary and configures it through its API.
func (u setup) start(ctx context.Context, o options, dir string) (*server, error) {
	return u.startAs(ctx, o, dir, sign.Key{ID: "bench", Secret: rand.Text()}, true)
}

// restart runs the binary again on the folder of a server that has ended.
func (u setup) restart(ctx context.Context, o options, dir string, key sign.Key) (*server, error) {
	return u.startAs(ctx, o, dir, key, false)
}

func (u setup) startAs(ctx context.Context, o options, dir string, key sign.Key, fresh bool) (*server, error) {
	cmd := pinned(ctx, u.cores, o.binary, "serve", "--data", dir, "--dev", "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "TALLYLIGHT_ACCESS_KEY_ID="+key.ID, "TALLYLIGHT_ACCESS_KEY_SECRET="+key.Secret)
	// A measurement that fails shows the end of the log: what went wrong, not the life
	// cycle of hundreds of streams.
	cmd.Env = append(cmd.Env, "TALLYLIGHT_LOG_LEVEL=warn")
	cmd.Env = append(cmd.Env, u.env...)
	p, said, err := startAndScan(cmd, filepath.Join(dir, "tallylight.log"))
	if err != nil {
		return nil, err
	}
	api := apiClient{addr: said["http"], key: key}
	if fresh {
		if err := api.configure(ctx, u); err != nil {
			return nil, p.abort(err)
		}
	}
	return &server{
		process: p,
		target: target{
			Protocol:  protocolRTMP,
			Addr:      said["rtmp"],
			Query:     "?vhost=" + benchDomain,
			ChunkSize: cmp.Or(u.chunkSize, o.chunkSize, tallylightChunkSize),
		},
		recordings: filepath.Join(dir, "records", benchBucket, "%s", "*"),
		files:      len(u.formats),
		settle:     u.settle(),
		signal:     syscall.SIGTERM, // the encoders would be waited for otherwise
		mallocs:    api.mallocs,
		api:        api,
	}, nil
}

// An apiClient calls operations and reads metrics of a server.
type apiClient struct {
	addr string
	key  sign.Key
}

// Slices are as short as the service lets them be, which costs the most; the clip's
// key frames make them 6 s long. They have a folder of their own, so that the files
// of a stream are found alone.
const (
	formatHLS     = "m3u8"
	sliceDuration = "5"
	sliceLength   = 6 * time.Second
	slicePrefix   = "slices/{StreamName}/{UnixTimestamp}_{Sequence}"
)

// settle returns when the first slice, which also makes the folder and begins the
// playlist, is stored.
func (u setup) settle() time.Duration {
	if slices.Contains(u.formats, formatHLS) {
		return settleTime + sliceLength
	}
	return settleTime
}

// configure adds a domain, a rule that records all its streams, and the receiver of
// its callbacks.
func (c apiClient) configure(ctx context.Context, u setup) error {
	err := c.call(ctx, "AddLiveDomain", map[string]string{
		"DomainName":     benchDomain,
		"LiveDomainType": "liveVideo",
		"Region":         "cn-shanghai",
	})
	if err != nil {
		return err
	}
	rule := map[string]string{
		"DomainName":  benchDomain,
		"AppName":     app,
		"OssEndpoint": "oss.example.com",
		"OssBucket":   benchBucket,
	}
	if u.delay > 0 {
		rule["DelayTime"] = strconv.Itoa(int(u.delay.Seconds()))
	}
	for i, format := range u.formats {
		prefix := fmt.Sprintf("RecordFormat.%d.", i+1)
		rule[prefix+"Format"] = format
		rule[prefix+"CycleDuration"] = "3600"
		rule[prefix+"OssObjectPrefix"] = "{StreamName}/{EscapedStartTime}_{EscapedEndTime}"
		if format == formatHLS {
			rule[prefix+"SliceDuration"] = sliceDuration
			rule[prefix+"SliceOssObjectPrefix"] = slicePrefix
		}
	}
	if err := c.call(ctx, "AddLiveAppRecordConfig", rule); err != nil {
		return err
	}
	if u.notifyURL == "" {
		return nil
	}
	return c.call(ctx, "AddLiveRecordNotifyConfig", map[string]string{
		"DomainName":       benchDomain,
		"NotifyUrl":        u.notifyURL,
		"NeedStatusNotify": "true",
	})
}

// call carries out one operation.
func (c apiClient) call(ctx context.Context, action string, args map[string]string) error {
	params := wire.Params{}.With("Action", action).With("Version", "2016-11-01").With("Format", "JSON")
	for name, value := range args {
		params = params.With(name, value)
	}
	params = sign.RPC(c.key, http.MethodPost, params, rand.Text(), time.Now())
	if _, err := c.do(ctx, http.MethodPost, "/?"+params.Encode()); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// mallocs asks /metrics how many objects the server has allocated.
func (c apiClient) mallocs(ctx context.Context) (int64, error) {
	body, err := c.do(ctx, http.MethodGet, "/metrics")
	if err != nil {
		return 0, err
	}
	return parseMallocs(body)
}

// parseMallocs finds the counter of allocations in Prometheus text.
func parseMallocs(metrics string) (int64, error) {
	const name = "go_memstats_mallocs_total "
	lines := bufio.NewScanner(strings.NewReader(metrics))
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), name); ok {
			n, err := strconv.ParseFloat(text, 64)
			return int64(n), err
		}
	}
	return 0, fmt.Errorf("/metrics has no %s", name)
}

func (c apiClient) do(ctx context.Context, method, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.addr+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return string(body), err
}
