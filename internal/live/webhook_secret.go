package live

import "time"

// MaxWebhookSecrets bounds the secrets of an owner that are valid at one time: the
// new and the one before, so that receivers can change over without a gap.
const MaxWebhookSecrets = 2

// A WebhookSecret signs callbacks by Standard Webhooks.
type WebhookSecret struct {
	// Owner is a domain, for all callbacks about it, or the EndpointID of an
	// endpoint with secrets of its own.
	Owner     string
	Secret    string // as it is: whsec_ and base64
	CreatedAt time.Time
}
