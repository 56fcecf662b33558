package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"tallylight/internal/config"
)

func TestADevCertificateIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	read := func(now time.Time) []byte {
		t.Helper()
		files, err := ensureDevCertificate(dir, now)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := os.ReadFile(files.CertFile)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	first := read(now)
	if again := read(now); !bytes.Equal(first, again) {
		t.Error("a second start makes another certificate")
	}
	info, err := os.Stat(filepath.Join(dir, devKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("mode of the key is %o, want 600", got)
	}
	if renewed := read(now.Add(devCertificateLife - time.Hour)); bytes.Equal(first, renewed) {
		t.Error("a certificate that is about to expire is not renewed")
	}
}

func TestACertificateFollowsItsFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := config.TLS{CertFile: filepath.Join(dir, "cert"), KeyFile: filepath.Join(dir, "key")}
	versions := 0
	write := func(cert, key []byte) {
		t.Helper()
		versions++
		for name, content := range map[string][]byte{files.CertFile: cert, files.KeyFile: key} {
			if err := os.WriteFile(name, content, 0o600); err != nil {
				t.Fatal(err)
			}
			at := time.Unix(int64(versions), 0) // file systems may keep whole seconds
			if err := os.Chtimes(name, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	now := time.Now()
	pem := func() (cert, key []byte) {
		t.Helper()
		cert, key, err := newDevCertificate(now)
		if err != nil {
			t.Fatal(err)
		}
		return cert, key
	}
	serial := func(c *certificate) string {
		t.Helper()
		pair, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.SerialNumber.String()
	}
	if _, err := newCertificate(files, slog.New(slog.DiscardHandler), time.Now); err == nil {
		t.Fatal("no files, and no error")
	}
	write(pem())
	c, err := newCertificate(files, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	first := serial(c)
	cert, _ := pem()
	_, otherKey := pem()
	write(cert, otherKey)
	now = now.Add(certificateCheck)
	if serial(c) != first {
		t.Error("a certificate is served whose key is another's")
	}
	write(pem())
	if serial(c) != first {
		t.Error("the files are looked at with every handshake")
	}
	now = now.Add(certificateCheck)
	if serial(c) == first {
		t.Error("a new certificate is not served")
	}
	if err := os.Remove(files.KeyFile); err != nil {
		t.Fatal(err)
	}
	last := serial(c)
	now = now.Add(certificateCheck)
	if serial(c) != last {
		t.Error("the last good certificate is gone with its file")
	}
}
