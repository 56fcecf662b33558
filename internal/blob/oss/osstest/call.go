package osstest

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A call is a request whose signature is right.
type call struct {
	server *Server
	bucket *bucket
	name   string // of the bucket
	key    string
	body   []byte
	w      http.ResponseWriter
	r      *http.Request
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodySize))
}

func (c *call) dispatch() *apiError {
	query := c.r.URL.Query()
	isUpload := query.Has("uploadId")
	switch {
	case c.key == "" && c.r.Method == http.MethodGet && query.Get("list-type") == "2":
		return c.list(query)
	case c.key == "":
		return errMethodNotAllowed
	case c.r.Method == http.MethodPost && query.Has("uploads"):
		return c.initiate()
	case c.r.Method == http.MethodPut && isUpload:
		return c.uploadPart(query)
	case c.r.Method == http.MethodPost && isUpload:
		return c.complete(query.Get("uploadId"))
	case c.r.Method == http.MethodDelete && isUpload:
		return c.abort(query.Get("uploadId"))
	case c.r.Method == http.MethodPut:
		return c.put()
	case c.r.Method == http.MethodGet, c.r.Method == http.MethodHead:
		return c.get()
	case c.r.Method == http.MethodDelete:
		delete(c.bucket.objects, c.key)
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return errMethodNotAllowed
}

// checkDigest compares the body with Content-MD5.
func (c *call) checkDigest() *apiError {
	sum := md5.Sum(c.body)
	if want := c.r.Header.Get("Content-MD5"); want != "" && want != base64.StdEncoding.EncodeToString(sum[:]) {
		return errInvalidDigest
	}
	return nil
}

// checkOverwrite answers for x-oss-forbid-overwrite.
func (c *call) checkOverwrite() *apiError {
	if _, exists := c.bucket.objects[c.key]; exists && c.r.Header.Get("x-oss-forbid-overwrite") == "true" {
		return errFileAlreadyExists
	}
	return nil
}

// describe sets the headers that tell of an object or a part.
func (c *call) describe(o *object) {
	c.w.Header().Set("ETag", `"`+o.etag+`"`)
	c.w.Header().Set("x-oss-hash-crc64ecma", o.crc64())
}

func (c *call) put() *apiError {
	if e := c.checkOverwrite(); e != nil {
		return e
	}
	if e := c.checkDigest(); e != nil {
		return e
	}
	c.server.store(c.bucket, c.key, newObject(c.body, c.r.Header.Get("Content-Type")))
	c.describe(c.bucket.objects[c.key])
	return nil
}

func (c *call) get() *apiError {
	o, ok := c.bucket.objects[c.key]
	if !ok {
		return errNoSuchKey
	}
	c.describe(o)
	c.w.Header().Set("Content-Type", o.contentType)
	content, status := o.content, http.StatusOK
	if bytes := c.r.Header.Get("Range"); bytes != "" {
		var first, last int
		if _, err := fmt.Sscanf(bytes, "bytes=%d-%d", &first, &last); err != nil || first < 0 || first > last {
			return errInvalidArgument
		}
		if first >= len(content) {
			return errInvalidRange
		}
		last = min(last, len(content)-1)
		c.w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(content)))
		content, status = content[first:last+1], http.StatusPartialContent
	}
	c.w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	c.w.WriteHeader(status)
	if c.r.Method == http.MethodGet {
		c.w.Write(content)
	}
	return nil
}

func (c *call) initiate() *apiError {
	c.server.uploads++
	id := fmt.Sprintf("%032X", c.server.uploads)
	c.bucket.uploads[id] = &upload{key: c.key, contentType: c.r.Header.Get("Content-Type"), parts: make(map[int]*object)}
	c.answer(struct {
		XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket   string
		Key      string
		UploadID string `xml:"UploadId"`
	}{Bucket: c.name, Key: c.key, UploadID: id})
	return nil
}

// upload finds an upload of the call's key.
func (c *call) upload(id string) (*upload, *apiError) {
	if u, ok := c.bucket.uploads[id]; ok && u.key == c.key {
		return u, nil
	}
	return nil, errNoSuchUpload
}

// uploadPart stores a part from the body or from another object.
func (c *call) uploadPart(query url.Values) *apiError {
	u, e := c.upload(query.Get("uploadId"))
	if e != nil {
		return e
	}
	number, err := strconv.Atoi(query.Get("partNumber"))
	if err != nil || number < 1 || number > 10_000 {
		return errInvalidArgument
	}
	if source := c.r.Header.Get("x-oss-copy-source"); source != "" {
		part, e := c.copied(source)
		if e != nil {
			return e
		}
		u.parts[number] = part
		c.answer(struct {
			XMLName      xml.Name `xml:"CopyPartResult"`
			LastModified time.Time
			ETag         string
		}{LastModified: time.Now().UTC(), ETag: `"` + part.etag + `"`})
		return nil
	}
	if e := c.checkDigest(); e != nil {
		return e
	}
	u.parts[number] = newObject(c.body, "")
	c.describe(u.parts[number])
	return nil
}

// copied returns a range of an object as a part.
func (c *call) copied(source string) (*object, *apiError) {
	path, err := url.PathUnescape(source)
	key, ok := strings.CutPrefix(path, "/"+c.name+"/")
	if err != nil || !ok {
		return nil, errInvalidArgument
	}
	from, exists := c.bucket.objects[key]
	if !exists {
		return nil, errNoSuchKey
	}
	first, last := 0, len(from.content)-1
	if bytes := c.r.Header.Get("x-oss-copy-source-range"); bytes != "" {
		if _, err := fmt.Sscanf(bytes, "bytes=%d-%d", &first, &last); err != nil || first < 0 || first > last || last >= len(from.content) {
			return nil, errInvalidArgument
		}
	}
	return newObject(from.content[first:last+1], ""), nil
}

func (c *call) complete(id string) *apiError {
	u, e := c.upload(id)
	if e != nil {
		return e
	}
	if e := c.checkOverwrite(); e != nil {
		return e
	}
	var listed struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := xml.Unmarshal(c.body, &listed); err != nil || len(listed.Part) == 0 {
		return errInvalidArgument
	}
	var content, sums []byte
	for i, p := range listed.Part {
		part, ok := u.parts[p.PartNumber]
		if !ok || strings.Trim(p.ETag, `"`) != part.etag {
			return errInvalidPart
		}
		if i < len(listed.Part)-1 && len(part.content) < MinPartSize {
			return errEntityTooSmall
		}
		content = append(content, part.content...)
		sums = append(sums, part.etag...)
	}
	o := newObject(content, u.contentType)
	o.etag = fmt.Sprintf("%X-%d", md5.Sum(sums), len(listed.Part))
	c.server.store(c.bucket, c.key, o)
	delete(c.bucket.uploads, id)
	stored := c.bucket.objects[c.key]
	c.describe(stored)
	c.answer(struct {
		XMLName xml.Name `xml:"CompleteMultipartUploadResult"`
		Bucket  string
		Key     string
		ETag    string
	}{Bucket: c.name, Key: c.key, ETag: `"` + stored.etag + `"`})
	return nil
}

func (c *call) abort(id string) *apiError {
	if _, e := c.upload(id); e != nil {
		return e
	}
	delete(c.bucket.uploads, id)
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// keys returns those of the objects below prefix, sorted by bytes.
func (b *bucket) keys(prefix string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(b.objects)), func(key string) bool {
		return !strings.HasPrefix(key, prefix)
	})
}

// list answers ListObjectsV2 (GetBucketV2) with keys in URL encoding.
func (c *call) list(query url.Values) *apiError {
	limit := 100
	if given := query.Get("max-keys"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > 1000 {
			return errInvalidArgument
		}
		limit = n
	}
	type contents struct {
		Key          string
		LastModified time.Time
		ETag         string
		Type         string
		Size         int
		StorageClass string
	}
	var result struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Name                  string
		Prefix                string
		MaxKeys               int
		EncodingType          string
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		KeyCount              int
		Contents              []contents
	}
	result.Name, result.Prefix, result.MaxKeys, result.EncodingType = c.name, escape(query.Get("prefix")), limit, "url"
	after, _ := base64.StdEncoding.DecodeString(query.Get("continuation-token"))
	for _, key := range c.bucket.keys(query.Get("prefix")) {
		if key <= string(after) {
			continue
		}
		if len(result.Contents) == limit {
			last, _ := url.QueryUnescape(result.Contents[limit-1].Key)
			result.IsTruncated, result.NextContinuationToken = true, base64.StdEncoding.EncodeToString([]byte(last))
			break
		}
		o := c.bucket.objects[key]
		result.Contents = append(result.Contents, contents{
			Key: escape(key), LastModified: time.Now().UTC(), ETag: `"` + o.etag + `"`, Type: "Normal", Size: len(o.content), StorageClass: "Standard",
		})
	}
	result.KeyCount = len(result.Contents)
	c.answer(result)
	return nil
}

// answer writes a document of the service.
func (c *call) answer(document any) {
	c.w.Header().Set("Content-Type", "application/xml")
	c.w.Header().Set("x-oss-request-id", requestID)
	body, err := xml.MarshalIndent(document, "", "  ")
	if err != nil {
		panic(err) // a document of ours that cannot be written
	}
	c.w.Write([]byte(xml.Header))
	c.w.Write(body)
}
