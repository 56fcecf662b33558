package live

import "errors"

// Errors of the domain. Wrap them with the object they are about; compare with
// errors.Is.
var (
	ErrDomainNotFound   = errors.New("domain not found")
	ErrDomainExists     = errors.New("domain exists already")
	ErrDomainStopped    = errors.New("domain is stopped")
	ErrDomainType       = errors.New("wrong type of domain")
	ErrMappingExists    = errors.New("ingest domain is mapped already")
	ErrConfigExists     = errors.New("config exists already")
	ErrConfigNotFound   = errors.New("config not found")
	ErrAccountNotFound  = errors.New("account not found")
	ErrAccessKeyMissing = errors.New("access key not found")
	ErrUserNotFound     = errors.New("user not found")
	ErrUserExists       = errors.New("user exists already")
	ErrPolicyNotFound   = errors.New("policy not found")
	ErrStreamBusy       = errors.New("stream has a publisher already")
	ErrStreamName       = errors.New("invalid app or stream name")
	ErrStreamForbidden  = errors.New("stream is forbidden")
	ErrBucketNotFound   = errors.New("bucket not found")
	ErrNotFound         = errors.New("not found")
	ErrAccountExists    = errors.New("account exists already")

	// ErrNodeTaken means that another process serves under the name of this node.
	ErrNodeTaken = errors.New("another server runs under the name of this one")

	// ErrAuthKeyMissing, ErrAuthKeyInvalid and ErrAuthKeyExpired are why a push to
	// a domain with push authentication is refused.
	ErrAuthKeyMissing = errors.New("auth_key is missing")
	ErrAuthKeyInvalid = errors.New("auth_key is invalid")
	ErrAuthKeyExpired = errors.New("auth_key has expired")

	// ErrURLMalformed and ErrURLUnsafe are why a callback URL is refused: its
	// form, or the address that it leads to.
	ErrURLMalformed = errors.New("callback URL is malformed")
	ErrURLUnsafe    = errors.New("callback URL leads to a refused address")
)
