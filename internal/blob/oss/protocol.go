package oss

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"

	"tallylight/internal/blob"
	"tallylight/internal/blob/remote"
	"tallylight/internal/live"
)

// forbid is the value of x-oss-forbid-overwrite by which nothing is replaced.
const forbid = "true"

// A protocol makes requests with the client of the service.
type protocol struct {
	client   *sdk.Client
	bucket   string
	listSize int32
}

// Location implements remote.Protocol.
func (p *protocol) Location(name string) string { return "oss://" + p.bucket + "/" + name }

// CheckBucket implements remote.Protocol: Head itself tells a missing bucket
// from a missing object.
func (p *protocol) CheckBucket(context.Context) error { return nil }

// Head implements remote.Protocol.
func (p *protocol) Head(ctx context.Context, name string) (remote.Info, error) {
	object, err := p.client.HeadObject(ctx, &sdk.HeadObjectRequest{Bucket: &p.bucket, Key: &name})
	if err != nil {
		return remote.Info{}, translate(err)
	}
	info := remote.Info{Size: object.ContentLength, ETag: unquote(object.ETag)}
	if crc, err := strconv.ParseUint(sdk.ToString(object.HashCRC64), 10, 64); err == nil {
		info.CRC64 = &crc
	}
	return info, nil
}

// unquote returns an ETag without its quotes.
func unquote(etag *string) string { return strings.Trim(sdk.ToString(etag), `"`) }

// Get implements remote.Protocol.
func (p *protocol) Get(ctx context.Context, name string, offset, size int64) (io.ReadCloser, error) {
	request := &sdk.GetObjectRequest{Bucket: &p.bucket, Key: &name}
	if size >= 0 {
		request.Range = sdk.Ptr(fmt.Sprintf("bytes=%d-%d", offset, offset+size-1))
		request.RangeBehavior = sdk.Ptr("standard") // an offset beyond the end is an error
	}
	object, err := p.client.GetObject(ctx, request)
	if err != nil {
		return nil, translate(err)
	}
	return object.Body, nil
}

// Put implements remote.Protocol.
func (p *protocol) Put(ctx context.Context, name string, body *io.SectionReader, sums remote.Sums) (string, error) {
	object, err := p.client.PutObject(ctx, &sdk.PutObjectRequest{
		Bucket:          &p.bucket,
		Key:             &name,
		Body:            io.NewSectionReader(body, 0, body.Size()),
		ContentLength:   sdk.Ptr(body.Size()),
		ContentMD5:      sdk.Ptr(base64.StdEncoding.EncodeToString(sums.MD5[:])),
		ContentType:     sdk.Ptr(remote.ContentType(name)),
		ForbidOverwrite: sdk.Ptr(forbid),
	})
	if err != nil {
		return "", translate(err)
	}
	return unquote(object.ETag), nil
}

// Delete implements remote.Protocol.
func (p *protocol) Delete(ctx context.Context, name string) error {
	_, err := p.client.DeleteObject(ctx, &sdk.DeleteObjectRequest{Bucket: &p.bucket, Key: &name})
	return translate(err)
}

// List implements remote.Protocol.
func (p *protocol) List(ctx context.Context, prefix string, fn func(blob.Object) error) error {
	pages := p.client.NewListObjectsV2Paginator(&sdk.ListObjectsV2Request{
		Bucket:  &p.bucket,
		Prefix:  &prefix,
		MaxKeys: p.listSize,
	})
	for pages.HasNext() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return translate(err)
		}
		for _, object := range page.Contents {
			if err := fn(blob.Object{Key: sdk.ToString(object.Key), Size: object.Size}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Create implements remote.Protocol. The service keeps the CRC-64 of every object
// itself.
func (p *protocol) Create(ctx context.Context, name string, _ *uint64) (string, error) {
	upload, err := p.client.InitiateMultipartUpload(ctx, &sdk.InitiateMultipartUploadRequest{
		Bucket:      &p.bucket,
		Key:         &name,
		ContentType: sdk.Ptr(remote.ContentType(name)),
	})
	if err != nil {
		return "", translate(err)
	}
	return sdk.ToString(upload.UploadId), nil
}

// PutPart implements remote.Protocol.
func (p *protocol) PutPart(ctx context.Context, name, id string, number int, body *io.SectionReader, sums remote.Sums) (string, error) {
	part, err := p.client.UploadPart(ctx, &sdk.UploadPartRequest{
		Bucket:        &p.bucket,
		Key:           &name,
		UploadId:      &id,
		PartNumber:    int32(number),
		Body:          io.NewSectionReader(body, 0, body.Size()),
		ContentLength: sdk.Ptr(body.Size()),
		ContentMD5:    sdk.Ptr(base64.StdEncoding.EncodeToString(sums.MD5[:])),
	})
	if err != nil {
		return "", translate(err)
	}
	if crc := sdk.ToString(part.HashCRC64); crc != strconv.FormatUint(sums.CRC64, 10) {
		return "", fmt.Errorf("%w: CRC-64 is %q", remote.ErrMismatch, crc)
	}
	return sdk.ToString(part.ETag), nil
}

// CopyPart implements remote.Protocol.
func (p *protocol) CopyPart(ctx context.Context, name, id string, number int, from string, offset, size int64) (string, error) {
	request := &sdk.UploadPartCopyRequest{
		Bucket:       &p.bucket,
		Key:          &name,
		UploadId:     &id,
		PartNumber:   int32(number),
		SourceBucket: &p.bucket,
		SourceKey:    &from,
	}
	if size >= 0 {
		request.Range = sdk.Ptr(fmt.Sprintf("bytes=%d-%d", offset, offset+size-1))
	}
	part, err := p.client.UploadPartCopy(ctx, request)
	if err != nil {
		return "", translate(err)
	}
	return sdk.ToString(part.ETag), nil
}

// Complete implements remote.Protocol.
func (p *protocol) Complete(ctx context.Context, name, id string, parts []remote.Part, replace bool) (string, error) {
	request := &sdk.CompleteMultipartUploadRequest{
		Bucket:                  &p.bucket,
		Key:                     &name,
		UploadId:                &id,
		CompleteMultipartUpload: &sdk.CompleteMultipartUpload{},
	}
	if !replace {
		request.ForbidOverwrite = sdk.Ptr(forbid)
	}
	for _, part := range parts {
		request.CompleteMultipartUpload.Parts = append(request.CompleteMultipartUpload.Parts,
			sdk.UploadPart{PartNumber: int32(part.Number), ETag: sdk.Ptr(part.ETag)})
	}
	object, err := p.client.CompleteMultipartUpload(ctx, request)
	if err != nil {
		return "", translate(err)
	}
	return unquote(object.ETag), nil
}

// Abort implements remote.Protocol.
func (p *protocol) Abort(ctx context.Context, name, id string) error {
	_, err := p.client.AbortMultipartUpload(ctx, &sdk.AbortMultipartUploadRequest{Bucket: &p.bucket, Key: &name, UploadId: &id})
	if err := translate(err); !errors.Is(err, blob.ErrNoUpload) {
		return err
	}
	return nil
}

// translate gives the service's errors their meaning, on one line.
func translate(err error) error {
	var answer *sdk.ServiceError
	if !errors.As(err, &answer) {
		return err
	}
	var meaning error
	switch {
	case answer.Code == "NoSuchBucket":
		meaning = live.ErrBucketNotFound
	case answer.Code == "NoSuchUpload", answer.Code == "InvalidPart":
		meaning = blob.ErrNoUpload
	case answer.Code == "FileAlreadyExists":
		meaning = blob.ErrExists
	case answer.StatusCode == http.StatusNotFound:
		meaning = blob.ErrNotFound
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden:
		meaning = blob.ErrDenied
	default:
		return fmt.Errorf("status %d: %s: %s (request %s)", answer.StatusCode, answer.Code, answer.Message, answer.RequestID)
	}
	return fmt.Errorf("%w: %s: %s (request %s)", meaning, answer.Code, answer.Message, answer.RequestID)
}
