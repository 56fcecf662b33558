package e2e

import (
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"tallylight/internal/api/sign"
)

// A server that finds its data folder unusable exits at once and says what to do.
func checkRefusesToStart(t *testing.T, data string, advice ...string) {
	t.Helper()
	status, stdout, stderr := runToEnd(t, keyEnviron, serveArgs(data)...)
	if status != 1 || stdout != "" {
		t.Errorf("exit status %d and output %q, want 1 and none", status, stdout)
	}
	for _, part := range advice {
		if !strings.Contains(stderr, part) {
			t.Errorf("message %q does not say %q", stderr, part)
		}
	}
}

func TestSecondServerOnADataFolderRefusesToStart(t *testing.T) {
	t.Parallel()
	first := startServer(t, t.TempDir())
	checkRefusesToStart(t, first.data, "in use by another server", "--data", first.data)
	first.configure(t, time.Hour) // it works on
	first.stop(t)
	startServer(t, first.data).stop(t)
}

func TestDamagedDatabaseIsNotUsed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		offset int64
	}{
		{"in its header", 0},
		{"in its pages", 4096},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := stoppedServer(t)
			f, err := os.OpenFile(filepath.Join(data, "tallylight.db"), os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteAt(noise(8192), tt.offset); err != nil {
				t.Fatal(err)
			}
			checkRefusesToStart(t, data, "tallylight.db", "damaged", "restore it from a backup")
		})
	}
}

func TestDatabaseOfANewerVersionIsNotUsed(t *testing.T) {
	t.Parallel()
	data := stoppedServer(t)
	db, err := sql.Open("sqlite", filepath.Join(data, "tallylight.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`INSERT INTO schema_migrations (version, name, checksum, applied_at)
		SELECT max(version) + 1, 'of_tomorrow.sql', '', 0 FROM schema_migrations`)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	checkRefusesToStart(t, data, "newer version", "run that version")
}

// stoppedServer returns the data folder of a server that has been configured and
// stopped.
func stoppedServer(t *testing.T) string {
	t.Helper()
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	s.stop(t)
	return s.data
}

func TestFirstStartMakesAnAccessKey(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := awaitReady(t, data, start(t, nil, tallylight, serveArgs(data)...))

	path := filepath.Join(data, "access-key.env")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode(); mode != 0o600 {
		t.Errorf("%s has mode %v, want 0600", path, mode)
	}
	key := readKey(t, path)
	checkKey(t, s, key)
	s.stop(t)
	if printed := s.stderr.String(); !strings.Contains(printed, key.ID) || strings.Count(printed, key.Secret) != 1 {
		t.Errorf("the key %s of %s was not printed once", key.ID, path)
	}

	s = awaitReady(t, data, start(t, nil, tallylight, serveArgs(data)...))
	checkKey(t, s, key)
	s.stop(t)
	if printed := s.stderr.String(); strings.Contains(printed, key.Secret) || strings.Contains(printed, "AccessKeySecret") {
		t.Error("the second start prints a key")
	}
	if again := readKey(t, path); again != key {
		t.Errorf("the second start changed %s", path)
	}
}

// readKey reads lines NAME=VALUE.
func readKey(t *testing.T, path string) (key sign.Key) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name {
		case "TALLYLIGHT_ACCESS_KEY_ID":
			key.ID = value
		case "TALLYLIGHT_ACCESS_KEY_SECRET":
			key.Secret = value
		}
	}
	if key.ID == "" || key.Secret == "" {
		t.Fatalf("%s holds no key", path)
	}
	return key
}

// checkKey fails unless calls signed with key, and only those, get past the
// signature check to be told that a domain does not exist.
func checkKey(t *testing.T, s *server, key sign.Key) {
	t.Helper()
	for _, tt := range []struct {
		key    sign.Key
		status int
		code   string
	}{
		{key, http.StatusNotFound, "InvalidDomain.NotFound"},
		{sign.Key{ID: key.ID, Secret: key.Secret + "x"}, http.StatusBadRequest, "SignatureDoesNotMatch"},
	} {
		status, answer := s.call(t, tt.key, "DescribeLiveRecordNotifyConfig", "DomainName", "unknown.example.com")
		if status != tt.status || answer["Code"] != tt.code {
			t.Errorf("call answered %d %v, want %d %s", status, answer, tt.status, tt.code)
		}
	}
}

func TestKeyOfTheEnvironmentIsAccepted(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, secret := range []string{keySecret, keySecret, "another-" + keySecret} {
		environ := []string{"TALLYLIGHT_ACCESS_KEY_ID=" + keyID, "TALLYLIGHT_ACCESS_KEY_SECRET=" + secret}
		s := awaitReady(t, data, start(t, environ, tallylight, serveArgs(data)...))
		checkKey(t, s, sign.Key{ID: keyID, Secret: secret})
		s.stop(t)
		if strings.Contains(s.stderr.String(), secret) {
			t.Error("the secret was printed")
		}
	}
}
