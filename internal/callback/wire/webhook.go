package wire

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of Standard Webhooks 1.0.0, section "Webhook headers".
const (
	HeaderWebhookID        = "webhook-id"        // id of the event, the same on every attempt
	HeaderWebhookTimestamp = "webhook-timestamp" // Unix seconds of the attempt
	HeaderWebhookSignature = "webhook-signature" // blank-separated "v1,<base64>"
)

// Sizes of a Secret in bytes, and the prefix of its text.
const (
	minSecretSize = 24
	maxSecretSize = 64
	newSecretSize = 32
	secretPrefix  = "whsec_"
)

// A Secret is the key of Standard Webhooks signatures. It is shown neither by
// fmt's %s and %v nor by slog.
type Secret []byte

// NewSecret returns a fresh secret.
func NewSecret() Secret {
	secret := make(Secret, newSecretSize)
	rand.Read(secret)
	return secret
}

// Text returns what ParseSecret reads, for those who may see the secret.
func (s Secret) Text() string { return secretPrefix + base64.StdEncoding.EncodeToString(s) }

// ParseSecret reads "whsec_" followed by 24 to 64 bytes in base64. Its errors do
// not repeat the text.
func ParseSecret(text string) (Secret, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	if !ok {
		return nil, errors.New(`webhook secret does not start with "whsec_"`)
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") {
		return nil, errors.New(`webhook secret is not base64 after "whsec_"`)
	}
	if len(secret) < minSecretSize || len(secret) > maxSecretSize {
		return nil, fmt.Errorf("webhook secret has %d bytes, %d to %d are allowed", len(secret), minSecretSize, maxSecretSize)
	}
	return secret, nil
}

// String hides the secret.
func (Secret) String() string { return "[hidden]" }

// LogValue hides the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// WebhookSignature returns the v1 signature of Standard Webhooks: HMAC-SHA256
// over id.timestamp.body in base64, after "v1,".
func WebhookSignature(id, timestamp string, body []byte, secret Secret) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// SignWebhook adds the headers of Standard Webhooks for one attempt, with a
// signature for each of the secrets: while they change, a receiver may know one or
// the other.
func SignWebhook(h http.Header, id string, body []byte, secrets []Secret, now time.Time) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		signatures[i] = WebhookSignature(id, timestamp, body, secret)
	}
	h.Set(HeaderWebhookID, id)
	h.Set(HeaderWebhookTimestamp, timestamp)
	h.Set(HeaderWebhookSignature, strings.Join(signatures, " "))
}

// VerifyWebhook reports whether a received request carries a fresh Standard
// Webhooks signature made with secret; of several signatures one has to hold. It
// returns nil, ErrUnsigned, or an error that wraps ErrSignature.
func VerifyWebhook(h http.Header, body []byte, secret Secret, now time.Time) error {
	signatures := h.Get(HeaderWebhookSignature)
	if signatures == "" {
		return ErrUnsigned
	}
	id, timestamp := h.Get(HeaderWebhookID), h.Get(HeaderWebhookTimestamp)
	if id == "" {
		return fmt.Errorf("%w: %s is missing", ErrSignature, HeaderWebhookID)
	}
	if err := checkTimestamp(timestamp, now); err != nil {
		return err
	}
	want := WebhookSignature(id, timestamp, body, secret)
	for signature := range strings.SplitSeq(signatures, " ") {
		if hmac.Equal([]byte(signature), []byte(want)) {
			return nil
		}
	}
	return fmt.Errorf("%w: %s does not match body and secret", ErrSignature, HeaderWebhookSignature)
}
