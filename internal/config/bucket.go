package config

import (
	"fmt"

	"tallylight/internal/live"
)

// A Bucket is where the objects of a bucket are: one of its fields is set.
type Bucket struct {
	Path string `yaml:"path"` // a local folder
	S3   *S3    `yaml:"s3"`
	OSS  *OSS   `yaml:"oss"`
}

// S3 is a bucket of Amazon S3 or of a store that speaks its protocol.
type S3 struct {
	// Endpoint is the URL of the store.
	Endpoint string `yaml:"endpoint"`
	// Region is the one that requests are signed for; empty: us-east-1.
	Region string `yaml:"region"`
	// Bucket is the name at the store; empty: the same as here.
	Bucket string `yaml:"bucket"`
	// Prefix is put before every key; it ends with a slash.
	Prefix string `yaml:"prefix"`
	// AccessKeyID and AccessKeySecret sign requests; without them, the environment's
	// AWS_ variables do, or the role of the machine.
	AccessKeyID     string `yaml:"access_key_id"`
	AccessKeySecret string `yaml:"access_key_secret"`
	// SessionToken goes with temporary access keys.
	SessionToken string `yaml:"session_token"`
	// PathStyle names the bucket in the path of URLs, not in the host.
	PathStyle bool `yaml:"path_style"`
	// PartSize is the size of the parts of an upload; 0: 16 MiB.
	PartSize Size `yaml:"part_size"`
}

// OSS is a bucket of Alibaba Cloud Object Storage Service.
type OSS struct {
	// Endpoint is the URL of the region, public or internal.
	Endpoint string `yaml:"endpoint"`
	// Region is the one that requests are signed for, such as cn-hangzhou.
	Region string `yaml:"region"`
	// Bucket is the name at the service; empty: the same as here.
	Bucket string `yaml:"bucket"`
	// Prefix is put before every key; it ends with a slash.
	Prefix string `yaml:"prefix"`
	// AccessKeyID and AccessKeySecret sign requests.
	AccessKeyID     string `yaml:"access_key_id"`
	AccessKeySecret string `yaml:"access_key_secret"`
	// SessionToken goes with temporary access keys.
	SessionToken string `yaml:"session_token"`
	// PartSize is the size of the parts of an upload; 0: 16 MiB.
	PartSize Size `yaml:"part_size"`
}

// validate checks what needs no knowledge of the store.
func (b Bucket) validate(name string) []error {
	var errs []error
	refuse := func(setting, value, rule string) {
		errs = append(errs, fmt.Errorf("storage.buckets.%s%s: %s is not allowed: %s", name, setting, value, rule))
	}
	if err := live.ValidateBucketName(name); err != nil {
		errs = append(errs, fmt.Errorf("storage.buckets: %w", err))
	}
	given := 0
	for _, is := range []bool{b.Path != "", b.S3 != nil, b.OSS != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		refuse("", fmt.Sprintf("%d of path, s3 and oss", given), "give exactly one of them")
	}
	if s := b.S3; s != nil {
		if s.Endpoint == "" {
			refuse(".s3.endpoint", `""`, "give the URL of the store, such as https://s3.eu-central-1.amazonaws.com")
		}
		if (s.AccessKeyID == "") != (s.AccessKeySecret == "") {
			refuse(".s3", "half an access key", "give access_key_id and access_key_secret, or neither to use the role of the machine")
		}
		if s.PartSize != 0 && (s.PartSize < minPartSizeS3 || s.PartSize > maxPartSize) {
			refuse(".s3.part_size", s.PartSize.String(), fmt.Sprintf("give %v to %v", minPartSizeS3, maxPartSize))
		}
	}
	if o := b.OSS; o != nil {
		if o.Endpoint == "" {
			refuse(".oss.endpoint", `""`, "give the URL of the region, such as https://oss-cn-hangzhou.aliyuncs.com")
		}
		if o.Region == "" {
			refuse(".oss.region", `""`, "give the region that requests are signed for, such as cn-hangzhou")
		}
		if o.AccessKeyID == "" || o.AccessKeySecret == "" {
			refuse(".oss", "no access key", "give access_key_id and access_key_secret")
		}
		if o.PartSize != 0 && (o.PartSize < minPartSizeOSS || o.PartSize > maxPartSize) {
			refuse(".oss.part_size", o.PartSize.String(), fmt.Sprintf("give %v to %v", minPartSizeOSS, maxPartSize))
		}
	}
	return errs
}

// Sizes of the parts that stores take.
const (
	minPartSizeS3  = Size(5 << 20)
	minPartSizeOSS = Size(100 << 10)
	maxPartSize    = Size(5 << 30)
)
