//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/playback/playbacktest"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

const (
	firstPages = 50
	seeks      = 50
	// seekBytes is what a player needs to show a picture: a key frame and what follows
	// it for half a second.
	seekBytes = 256 << 10
)

// A consoleReport is what visitors of the console wait for.
type consoleReport struct {
	FirstPage      quantiles     `json:"first_page"`       // the overview, with its sheet and script
	FirstPageBytes int64         `json:"first_page_bytes"` // as they were sent
	FirstLook      time.Duration `json:"first_look_ns"`    // until the first bytes of a recording that nobody has watched
	Seek           quantiles     `json:"seek"`             // until what a player needs is there, anywhere in it
	SeekColdIndex  time.Duration `json:"seek_cold_index_ns"`
	RecordingBytes int64         `json:"recording_bytes"`
}

// measureConsole lets a visitor open the first page, and seek in an FLV recording of
// two hours.
func measureConsole(ctx context.Context, o options, dir string) (_ *consoleReport, err error) {
	fmt.Fprintf(os.Stderr, "the console: %d first pages, %d seeks in two hours of FLV\n", firstPages, seeks)
	data := filepath.Join(dir, "console")
	u := setup{formats: []string{"flv"}}
	if err := os.Mkdir(data, 0o755); err != nil {
		return nil, err
	}
	s, err := u.start(ctx, o, data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.process.stop(s.signal)) }()
	var r consoleReport
	id, size, err := recordTwoHours(ctx, data)
	if err != nil {
		return nil, err
	}
	r.RecordingBytes = size
	v, err := signInToConsole(ctx, s.api)
	if err != nil {
		return nil, err
	}
	if r.FirstPage, r.FirstPageBytes, err = v.firstPages(ctx); err != nil {
		return nil, err
	}
	video := "/console/recordings/" + string(id) + "/video.mp4"
	length, took, err := v.part(ctx, video, 0)
	if err != nil {
		return nil, err
	}
	r.FirstLook = took
	var times []time.Duration
	for range seeks {
		_, took, err := v.part(ctx, video, rand.Int64N(length-seekBytes))
		if err != nil {
			return nil, err
		}
		times = append(times, took)
	}
	r.Seek = newQuantiles(times)

	// A server that was started again has the index on disk only.
	if err := s.process.stop(s.signal); err != nil {
		return nil, err
	}
	if s, err = u.restart(ctx, o, data, s.api.key); err != nil {
		return nil, err
	}
	if v, err = signInToConsole(ctx, s.api); err != nil {
		return nil, err
	}
	_, r.SeekColdIndex, err = v.part(ctx, video, length/2)
	return &r, err
}

// recordTwoHours stores a long recording, as if the server of the data folder had
// made it.
func recordTwoHours(ctx context.Context, data string) (live.RecordFileID, int64, error) {
	started := time.Now().Add(-playbacktest.Length)
	f := live.RecordFile{
		ID: live.NewRecordFileID(started), Recording: live.NewRecordingID(started), Key: live.StreamKey{Domain: benchDomain, App: "live", Stream: "long"},
		Format: live.FormatFLV, State: live.FileStored, Bucket: benchBucket, ObjectKey: "long.flv",
		StartTime: started, StopTime: time.Now(), Duration: playbacktest.Length,
	}
	tracks := playbacktest.Tracks()
	f.Tracks = []live.Track{{Codec: tracks.Video.Codec.String(), Config: tracks.Video.Config}, {Codec: tracks.Audio.Codec.String(), Config: tracks.Audio.Config}}
	folder := filepath.Join(data, "records", benchBucket)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", 0, err
	}
	file, err := os.Create(filepath.Join(folder, f.ObjectKey))
	if err != nil {
		return "", 0, err
	}
	f.Size, err = playbacktest.WriteLong(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", 0, err
	}
	st, err := sqlite.Join(ctx, filepath.Join(data, "tallylight.db"))
	if err != nil {
		return "", 0, err
	}
	err = st.Update(ctx, func(tx store.Tx) error { return tx.PutRecordFile(ctx, f) })
	return f.ID, f.Size, errors.Join(err, st.Close())
}

// A visitor is somebody who has signed in.
type visitor struct {
	origin string
	client *http.Client
}

func signInToConsole(ctx context.Context, api apiClient) (*visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	v := &visitor{origin: "http://" + api.addr, client: &http.Client{Jar: jar}}
	form := url.Values{"access_key_id": {api.key.ID}, "access_key_secret": {api.key.Secret}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, v.origin+"/console/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, err = v.read(r)
	return v, err
}

// read returns the bytes of an answer.
func (v *visitor) read(r *http.Request) ([]byte, error) {
	res, err := v.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s answers %s", r.URL.Path, res.Status)
	}
	return body, err
}

// get reads a page or what belongs to it, compressed if the server does so.
func (v *visitor) get(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.origin+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Encoding", "gzip")
	return v.read(r)
}

// firstPages reads the first page and what it names, as a browser does that has
// never been there.
func (v *visitor) firstPages(ctx context.Context) (q quantiles, size int64, err error) {
	var times []time.Duration
	for range firstPages {
		size = 0
		started := time.Now()
		page, err := v.get(ctx, "/console/")
		if err != nil {
			return q, 0, err
		}
		size += int64(len(page))
		var paths []string
		for _, part := range strings.Split(string(page), `"`) {
			if strings.HasPrefix(part, "/console/static/") && !slices.Contains(paths, part) {
				paths = append(paths, part)
			}
		}
		for _, path := range paths {
			body, err := v.get(ctx, path)
			if err != nil {
				return q, 0, err
			}
			size += int64(len(body))
		}
		times = append(times, time.Since(started))
	}
	return newQuantiles(times), size, nil
}

// part reads what a player needs from an offset on, and returns how long the whole
// file is and how long the part took.
func (v *visitor) part(ctx context.Context, path string, from int64) (length int64, took time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.origin+path, nil)
	if err != nil {
		return 0, 0, err
	}
	r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, from+seekBytes-1))
	started := time.Now()
	res, err := v.client.Do(r)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	took = time.Since(started)
	if err != nil {
		return 0, 0, err
	}
	var first, last int64
	if _, err := fmt.Sscanf(res.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &length); err != nil || n != seekBytes {
		return 0, 0, fmt.Errorf("%s from %d answers %s with %d bytes", path, from, res.Status, n)
	}
	return length, took, nil
}

func (r *consoleReport) write(w io.Writer) {
	fmt.Fprintf(w, "\nThe console, from the server's own machine; the recording is two hours of FLV, %.1f GB, and a seek is over when\n"+
		"256 KiB from any place of its MP4 are there:\n\n| what | p50 | p99 |\n| --- | ---: | ---: |\n", float64(r.RecordingBytes)/1e9)
	fmt.Fprintf(w, "| first page, %.0f KB with sheet and scripts | %s | %s |\n", float64(r.FirstPageBytes)/1e3, millis(r.FirstPage.P50), millis(r.FirstPage.P99))
	fmt.Fprintf(w, "| first look at the recording, which makes its index | %s | – |\n", millis(r.FirstLook))
	fmt.Fprintf(w, "| seek | %s | %s |\n", millis(r.Seek.P50), millis(r.Seek.P99))
	fmt.Fprintf(w, "| first seek after a restart | %s | – |\n", millis(r.SeekColdIndex))
}
