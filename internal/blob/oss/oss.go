// Package oss keeps objects in buckets of Alibaba Cloud Object Storage Service.
// Package remote has what makes them whole and never replaced. Requests are
// signed with version 4.
package oss

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"

	"tallylight/internal/blob/remote"
)

// Sizes of parts, in bytes.
const (
	DefaultPartSize = 16 << 20
	MinPartSize     = 100 << 10
	MaxPartSize     = 5 << 30
)

// defaultCopySize is how much one request copies, in bytes.
const defaultCopySize = 256 << 20

// Config says where a bucket is and who uses it.
type Config struct {
	// Endpoint is the URL of the region, such as https://oss-cn-hangzhou.aliyuncs.com
	// or, within the region's network, https://oss-cn-hangzhou-internal.aliyuncs.com;
	// with http, nothing is encrypted on the way.
	Endpoint string
	// Region is the one that requests are signed for, such as cn-hangzhou.
	Region string
	// Bucket is the bucket's name at the store.
	Bucket string
	// Prefix is put before every key; it ends with a slash or is empty.
	Prefix string
	// AccessKeyID and AccessKeySecret sign requests, with SessionToken if they are
	// temporary.
	AccessKeyID, AccessKeySecret, SessionToken string
	// PartSize is the size of the parts of an upload, MinPartSize to MaxPartSize;
	// 0: DefaultPartSize.
	PartSize int64
	// Timeout is how long the store may be silent; 0: remote.DefaultTimeout.
	Timeout time.Duration

	// listSize is how many objects a request lists; 0: as many as the store likes.
	listSize int32
	// copySize is how much a request copies, in bytes; 0: defaultCopySize.
	copySize int64
}

// A Bucket is a bucket of the service.
type Bucket struct{ *remote.Bucket }

// New returns a bucket. It makes no request; its errors name what is wrong with c.
func New(c Config) (*Bucket, error) {
	endpoint, err := remote.ParseEndpoint(c.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("oss endpoint %q %w", c.Endpoint, err)
	}
	if c.Region == "" {
		return nil, errors.New("oss region is missing: requests are signed for one")
	}
	if !sdk.IsValidBucketName(&c.Bucket) {
		return nil, fmt.Errorf("oss bucket %q is not 3 to 63 lower-case letters, digits and hyphens", c.Bucket)
	}
	if err := remote.CheckPrefix(c.Prefix); err != nil {
		return nil, fmt.Errorf("oss prefix %q %w", c.Prefix, err)
	}
	if c.AccessKeyID == "" || c.AccessKeySecret == "" {
		return nil, errors.New("oss access key id or secret is missing")
	}
	if c.PartSize == 0 {
		c.PartSize = DefaultPartSize
	}
	if c.PartSize < MinPartSize || c.PartSize > MaxPartSize {
		return nil, fmt.Errorf("oss part size %d is not %d to %d bytes", c.PartSize, int64(MinPartSize), int64(MaxPartSize))
	}
	client := sdk.NewClient(sdk.NewConfig().
		WithEndpoint(endpoint.String()).
		WithRegion(c.Region).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.AccessKeySecret, c.SessionToken)).
		WithRetryMaxAttempts(1).
		WithDisableUploadCRC64Check(true). // ours also deletes what it finds wrong
		WithHttpClient(&http.Client{
			Transport:     remote.NewTransport(c.Timeout),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}))
	return &Bucket{remote.New(remote.Config{
		Protocol:   &protocol{client: client, bucket: c.Bucket, listSize: c.listSize},
		Prefix:     c.Prefix,
		PartSize:   c.PartSize,
		CopySize:   cmp.Or(c.copySize, defaultCopySize),
		Polynomial: remote.PolynomialECMA,
	})}, nil
}
