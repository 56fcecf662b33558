package remote

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"tallylight/internal/live"
)

// ParseEndpoint reads the URL of a store: its scheme and host, with a port if it
// has one, and nothing else.
func ParseEndpoint(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, errors.New("is not a URL") // the URL's own error repeats it, secrets included
	}
	bare := url.URL{Scheme: u.Scheme, Host: u.Host}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || strings.TrimSuffix(endpoint, "/") != bare.String() {
		return nil, errors.New("is not of the form https://HOST or https://HOST:PORT")
	}
	return &bare, nil
}

// CheckPrefix returns an error if objects cannot be stored below prefix.
func CheckPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	if folder, ok := strings.CutSuffix(prefix, "/"); !ok || len(prefix) > maxPrefixLength || live.ValidateObjectKey(folder) != nil {
		return fmt.Errorf("is not empty, nor names ending in a slash, such as live/, of %d bytes at most", maxPrefixLength)
	}
	return nil
}
