// Package s3 keeps objects in buckets of Amazon S3 and of stores that speak its
// protocol. Package remote has what makes them whole and never replaced.
//
// An object is never replaced where the store honours "If-None-Match: *" for
// PutObject and CompleteMultipartUpload, as Amazon S3 and the Versity gateway do.
// At a store that ignores it, a look before every put and a comparison after it
// remain: then two writers that put different objects under one key in the same
// instant can replace one another's.
package s3

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"tallylight/internal/blob/remote"
)

// Sizes of parts, in bytes.
const (
	DefaultPartSize = 16 << 20
	MinPartSize     = 5 << 20
	MaxPartSize     = 5 << 30
)

// defaultCopySize is how much one request copies, in bytes.
const defaultCopySize = 256 << 20

// Config says where a bucket is and who uses it.
type Config struct {
	// Endpoint is the URL of the store, such as https://s3.eu-central-1.amazonaws.com;
	// with http, nothing is encrypted on the way.
	Endpoint string
	// Region is the one that requests are signed for; empty: us-east-1.
	Region string
	// Bucket is the bucket's name at the store.
	Bucket string
	// Prefix is put before every key; it ends with a slash or is empty.
	Prefix string
	// AccessKeyID and AccessKeySecret sign requests, with SessionToken if they are
	// temporary. Without them, the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
	// and AWS_SESSION_TOKEN do, or else the role of the machine or container.
	AccessKeyID, AccessKeySecret, SessionToken string
	// PathStyle puts the bucket's name into the path of URLs, not into the host, as
	// most stores beside Amazon's want it.
	PathStyle bool
	// PartSize is the size of the parts of an upload, MinPartSize to MaxPartSize;
	// 0: DefaultPartSize.
	PartSize int64
	// Timeout is how long the store may be silent; 0: remote.DefaultTimeout.
	Timeout time.Duration

	// listSize is how many objects a request lists; 0: as many as the store likes.
	listSize int
	// copySize is how much a request copies, in bytes; 0: defaultCopySize.
	copySize int64
}

// A Bucket is a bucket of the store.
type Bucket struct{ *remote.Bucket }

// New returns a bucket. It makes no request; its errors name what is wrong with c.
func New(c Config) (*Bucket, error) {
	endpoint, err := remote.ParseEndpoint(c.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("s3 endpoint %q %w", c.Endpoint, err)
	}
	if err := s3utils.CheckValidBucketName(c.Bucket); err != nil {
		return nil, fmt.Errorf("s3 bucket %q is not allowed: %w", c.Bucket, err)
	}
	if err := remote.CheckPrefix(c.Prefix); err != nil {
		return nil, fmt.Errorf("s3 prefix %q %w", c.Prefix, err)
	}
	if c.PartSize == 0 {
		c.PartSize = DefaultPartSize
	}
	if c.PartSize < MinPartSize || c.PartSize > MaxPartSize {
		return nil, fmt.Errorf("s3 part size %d is not %d to %d bytes", c.PartSize, int64(MinPartSize), int64(MaxPartSize))
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	lookup := minio.BucketLookupDNS
	if c.PathStyle {
		lookup = minio.BucketLookupPath
	}
	core, err := minio.NewCore(endpoint.Host, &minio.Options{
		Creds:        c.credentials(),
		Secure:       endpoint.Scheme == "https",
		Transport:    remote.NewTransport(c.Timeout),
		Region:       c.Region,
		BucketLookup: lookup,
		MaxRetries:   1, // which means none
	})
	if err != nil {
		return nil, fmt.Errorf("s3 bucket %s: %w", c.Bucket, err)
	}
	return &Bucket{remote.New(remote.Config{
		Protocol:   &protocol{core: core, bucket: c.Bucket, listSize: c.listSize},
		Prefix:     c.Prefix,
		PartSize:   c.PartSize,
		CopySize:   cmp.Or(c.copySize, defaultCopySize),
		Polynomial: remote.PolynomialNVMe,
	})}, nil
}

func (c Config) credentials() *credentials.Credentials {
	if c.AccessKeyID != "" {
		return credentials.NewStaticV4(c.AccessKeyID, c.AccessKeySecret, c.SessionToken)
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{},
		&credentials.IAM{Client: &http.Client{Transport: remote.NewTransport(roleTimeout)}},
	})
}

// roleTimeout bounds the wait for the machine to tell its role.
const roleTimeout = 5 * time.Second
