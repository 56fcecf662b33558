package config

import (
	"strings"
	"testing"
)

const remoteBuckets = `
storage:
  buckets:
    shows:
      path: /srv/shows
    far-shows:
      s3:
        endpoint: http://127.0.0.1:9000
        access_key_id: id
        path_style: true
    clips:
      oss:
        endpoint: https://oss-cn-hangzhou.aliyuncs.com
        region: cn-hangzhou
        access_key_id: id
        access_key_secret: of the file
`

func TestTheEnvironmentGivesTheSecretsOfBuckets(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, remoteBuckets), []string{
		"TALLYLIGHT_STORAGE_BUCKETS_FAR_SHOWS_S3_ACCESS_KEY_SECRET=of the environment",
		"TALLYLIGHT_STORAGE_BUCKETS_FAR_SHOWS_S3_PART_SIZE=64MiB",
		"TALLYLIGHT_STORAGE_BUCKETS_CLIPS_OSS_SESSION_TOKEN=token",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if got := *c.Storage.Buckets["far-shows"].S3; got != (S3{
		Endpoint: "http://127.0.0.1:9000", AccessKeyID: "id", AccessKeySecret: "of the environment", PathStyle: true, PartSize: 64 << 20,
	}) {
		t.Errorf("far-shows = %+v", got)
	}
	if got := *c.Storage.Buckets["clips"].OSS; got.AccessKeySecret != "of the file" || got.SessionToken != "token" {
		t.Errorf("clips = %+v", got)
	}
}

func TestTheEnvironmentGivesNoStoreThatTheFileDoesNotName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"SHOWS_S3_ENDPOINT", "SHOWS_PATH", "OTHER_S3_ENDPOINT"} {
		_, err := Load(write(t, remoteBuckets), []string{"TALLYLIGHT_STORAGE_BUCKETS_" + name + "=x"})
		if err == nil || !strings.Contains(err.Error(), "no such setting") {
			t.Errorf("%s: %v, want no such setting", name, err)
		}
	}
}

func TestMistakesBesideSecretsDoNotTellThem(t *testing.T) {
	t.Parallel()
	_, err := Load(write(t, strings.Replace(remoteBuckets, "region:", "regoin:", 1)), nil)
	if err == nil || !strings.Contains(err.Error(), "regoin") || !strings.Contains(err.Error(), "14:9") {
		t.Errorf("Load = %v, want the unknown key and its place", err)
	}
	if strings.Contains(err.Error(), "of the file") {
		t.Errorf("the error tells the secret: %v", err)
	}
}

func TestIllTypedPartSizesNameLineAndColumn(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"one bucket":  "storage:\n  buckets:\n    far-shows:\n      s3: {endpoint: x, part_size: huge}\n",
		"two buckets": "storage:\n  buckets:\n    a-b-c: {path: /x}\n    far-shows: {s3: {part_size: huge}}\n",
		"oss":         "storage:\n  buckets:\n    far-shows:\n      oss: {part_size: huge}\n",
	} {
		_, err := Load(write(t, file), nil)
		if err == nil || !strings.Contains(err.Error(), "[4:") || !strings.Contains(err.Error(), "part_size: huge is not a size") {
			t.Errorf("%s: %v, want the place of the mistake", name, err)
		}
	}
}

func TestMistakesInBucketsAreNamed(t *testing.T) {
	t.Parallel()
	const s3, oss = "endpoint: http://h", "endpoint: http://h, region: r, access_key_id: i, access_key_secret: s"
	tests := []struct {
		name, bucket string
		want         []string // all in the error
	}{
		{"no store", "{}", []string{"storage.buckets.shows: 0 of path", "exactly one"}},
		{"two stores", "{path: /x, s3: {" + s3 + "}}", []string{"storage.buckets.shows: 2 of path", "exactly one"}},
		{"S3 without endpoint", "{s3: {region: r}}", []string{"storage.buckets.shows.s3.endpoint", "https://"}},
		{"S3 with half a key", "{s3: {" + s3 + ", access_key_secret: s}}", []string{"storage.buckets.shows.s3:", "or neither"}},
		{"S3 with small parts", "{s3: {" + s3 + ", part_size: 4MiB}}", []string{"s3.part_size: 4MiB", "5MiB to 5GiB"}},
		{"S3 with large parts", "{s3: {" + s3 + ", part_size: 6GiB}}", []string{"s3.part_size: 6GiB"}},
		{"OSS without anything", "{oss: {prefix: a/}}", []string{"oss.endpoint", "oss.region", "access_key_id and access_key_secret"}},
		{"OSS with small parts", "{oss: {" + oss + ", part_size: 99KiB}}", []string{"oss.part_size: 99KiB", "100KiB to 5GiB"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Load(write(t, "storage: {buckets: {shows: "+tt.bucket+"}}\n"), nil)
			if err != nil {
				t.Fatal(err)
			}
			err = c.Validate()
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not name %q", err, want)
				}
			}
		})
	}
	for _, good := range []string{"{path: /x}", "{s3: {" + s3 + "}}", "{oss: {" + oss + "}}"} {
		c, err := Load(write(t, "storage: {buckets: {shows: "+good+"}}\n"), nil)
		if err == nil {
			err = c.Validate()
		}
		if err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}
