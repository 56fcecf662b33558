package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tallylight/internal/config"
	"tallylight/internal/durable"
)

// listenTLS opens the HTTPS listener, if one is configured.
func (s *server) listenTLS(cfg config.Config) error {
	if cfg.HTTPS == "" {
		return nil
	}
	files := cfg.TLS
	if files.CertFile == "" {
		var err error
		if files, err = ensureDevCertificate(cfg.Data, time.Now()); err != nil {
			return err
		}
	}
	cert, err := newCertificate(files, s.log, time.Now)
	if err != nil {
		return usageError{err}
	}
	s.http.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: cert.get}
	s.httpsListener, err = listen("https", cfg.HTTPS)
	return err
}

// certificateCheck is how often the files of a certificate are looked at.
const certificateCheck = 3 * time.Second

// A certificate is that of the HTTPS listener. It follows its files: what a
// handshake finds changed is read again, and if it cannot be read, the last good
// certificate stays.
type certificate struct {
	files config.TLS
	log   *slog.Logger
	now   func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	read    [2]fileState // of what current was read from
	checked time.Time
}

// A fileState tells versions of a file apart.
type fileState struct {
	size     int64
	modified time.Time
}

func newCertificate(files config.TLS, log *slog.Logger, now func() time.Time) (*certificate, error) {
	c := &certificate{files: files, log: log, now: now, checked: now()}
	return c, c.reload()
}

// get is for tls.Config.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.checked) >= certificateCheck {
		c.checked = now
		if err := c.reload(); err != nil {
			c.log.Warn("certificate is not renewed", "err", err)
		}
	}
	return c.current, nil
}

// reload reads the files if they have changed. It needs the lock.
func (c *certificate) reload() error {
	var found [2]fileState
	for i, name := range []string{c.files.CertFile, c.files.KeyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("read certificate: %w", err)
		}
		found[i] = fileState{info.Size(), info.ModTime()}
	}
	if c.current != nil && found == c.read {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	if err != nil {
		return fmt.Errorf("read certificate %s and key %s: %w", c.files.CertFile, c.files.KeyFile, err)
	}
	c.current, c.read = &pair, found
	c.log.Info("certificate read", "file", c.files.CertFile, "expires", pair.Leaf.NotAfter)
	return nil
}

// Files of the certificate that development mode makes.
const (
	devCertFile = "dev-cert.pem"
	devKeyFile  = "dev-key.pem"
)

// devCertificateLife is as long as browsers accept.
const devCertificateLife = 397 * 24 * time.Hour

// ensureDevCertificate makes a certificate for this machine in the data folder,
// signed by itself, unless there is one that lasts another day.
func ensureDevCertificate(dir string, now time.Time) (config.TLS, error) {
	files := config.TLS{CertFile: filepath.Join(dir, devCertFile), KeyFile: filepath.Join(dir, devKeyFile)}
	pair, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err == nil && now.Add(24*time.Hour).Before(pair.Leaf.NotAfter) {
		return files, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return files, fmt.Errorf("read certificate: %w", err)
	}
	cert, key, err := newDevCertificate(now)
	if err != nil {
		return files, fmt.Errorf("make certificate: %w", err)
	}
	if err := durable.WriteFile(files.KeyFile, key, 0o600); err != nil {
		return files, err
	}
	return files, durable.WriteFile(files.CertFile, cert, 0o644)
}

// newDevCertificate returns a certificate and its key in PEM.
func newDevCertificate(now time.Time) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "Tallylight development"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(devCertificateLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		template.DNSNames = append(template.DNSNames, host)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}
