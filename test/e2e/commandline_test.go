package e2e

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestHelpIsPrinted(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "serve", "demo", "listen", "version"} {
		args := append(strings.Fields(command), "--help")
		status, stdout, stderr := runToEnd(t, nil, args...)
		if status != 0 || !strings.Contains(stdout, "Usage: tallylight "+command) || stderr != "" {
			t.Errorf("tallylight %s --help: exit status %d, printed %q and %q", command, status, stdout, stderr)
		}
	}
}

func TestBadUsageExitsWithStatus2(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "tallylight.yaml")
	if err := os.WriteFile(config, []byte("http: 127.0.0.1:0\nrecord:\n  flush_intervall: 1s\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		environ []string
		args    []string
		want    []string // in the message
	}{
		{"no command", nil, nil, []string{"serve", "demo", "--help"}},
		{"unknown command", nil, []string{"recrod"}, []string{"recrod", "--help"}},
		{"unknown flag", nil, []string{"serve", "--bucket", "x"}, []string{"--bucket", "--help"}},
		{"unknown setting in the file", nil, []string{"serve", "--config", config}, []string{config, "[3:3]", "flush_intervall"}},
		{"unknown setting in the environment", []string{"TALLYLIGHT_RECORD_FLUSH=1s"}, []string{"serve"}, []string{"TALLYLIGHT_RECORD_FLUSH"}},
		{"setting out of range", nil, []string{"serve", "--log", "loud"}, []string{"log.level", "loud", "debug, info, warn or error"}},
		{"half a key", keyEnviron[:1], serveArgs(t.TempDir()), []string{"TALLYLIGHT_ACCESS_KEY_SECRET"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := runToEnd(t, tt.environ, tt.args...)
			if status != 2 || stdout != "" {
				t.Errorf("exit status %d and output %q, want 2 and none", status, stdout)
			}
			for _, part := range tt.want {
				if !strings.Contains(stderr, part) {
					t.Errorf("message %q does not name %q", stderr, part)
				}
			}
		})
	}
}

func TestDemoRecordsAndAnnounces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	status, stdout, stderr := runToEnd(t, nil, "demo", "--rate", "4", "--keep", dir)
	if status != 0 {
		t.Fatalf("exit status %d, printed %q", status, stderr)
	}
	for _, extension := range []string{".flv", ".mp4", ".m3u8"} {
		var path string
		for _, word := range strings.Fields(stdout) {
			if strings.HasPrefix(word, dir) && strings.HasSuffix(word, extension) {
				path = word
			}
		}
		if path == "" {
			t.Errorf("no path of a %s file was printed", extension)
			continue
		}
		checkPlays(t, path)
		if packets := packetsOf(t, path); len(packets["v:0"]) == 0 || len(packets["a:0"]) == 0 {
			t.Errorf("%s has %d packets of video and %d of audio", path, len(packets["v:0"]), len(packets["a:0"]))
		}
	}
	for _, event := range []string{"record_started", "record_paused", "record_resumed", "file_created"} {
		if !strings.Contains(stdout, event) {
			t.Errorf("no callback %s was printed", event)
		}
	}
}

func TestListenVerifiesSignatures(t *testing.T) {
	t.Parallel()
	p := start(t, nil, tallylight, "listen", "--addr", "127.0.0.1:0", "--key", notifyAuthKey)
	line := p.awaitLog(t, "listening for callbacks on http://")
	url := line[strings.Index(line, "http://"):strings.LastIndex(line, "/")]
	for key, want := range map[string]string{notifyAuthKey: "vendor valid", "anotherauthkey0001": "vendor INVALID"} {
		stream := "signed-with-" + key
		body := `{"domain":"play.example.com","app":"live","stream":"` + stream + `","event":"record_started"}`
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		timestamp := strconv.FormatInt(time.Now().Unix(), 10)
		sum := md5.Sum([]byte("127.0.0.1|" + timestamp + "|" + key))
		req.Header.Set("ALI-LIVE-TIMESTAMP", timestamp)
		req.Header.Set("ALI-LIVE-SIGNATURE", hex.EncodeToString(sum[:]))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("answered %s", resp.Status)
		}
		p.stdout.await(t, "the callback", func() bool {
			return findLine(p.stdout.String(), []string{"record_started", stream, want}) != ""
		})
	}
	p.stop(t)
}
