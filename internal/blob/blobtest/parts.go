package blobtest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"tallylight/internal/blob"
)

// A pusher is somebody who holds a file and uploads it in parts.
type pusher struct {
	bucket  blob.PartBucket
	content []byte
	upload  blob.Upload
	parts   []blob.Part
}

// begin begins the upload of content.
func begin(t *testing.T, b blob.PartBucket, name string, content []byte) *pusher {
	t.Helper()
	u, err := b.BeginUpload(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return &pusher{bucket: b, content: content, upload: u}
}

// section returns part number of content.
func (p *pusher) section(number int) *io.SectionReader {
	size := p.bucket.PartSize()
	from := int64(number-1) * size
	return io.NewSectionReader(bytes.NewReader(p.content), from, min(size, int64(len(p.content))-from))
}

// count returns how many parts content has.
func (p *pusher) count() int {
	return int((int64(len(p.content)) + p.bucket.PartSize() - 1) / p.bucket.PartSize())
}

// put stores parts in this order.
func (p *pusher) put(t *testing.T, numbers ...int) {
	t.Helper()
	for _, number := range numbers {
		part, err := p.bucket.PutPart(t.Context(), p.upload, number, p.section(number))
		if err != nil {
			t.Fatal(err)
		}
		p.keep(part)
	}
}

// keep remembers a part, in the place of an earlier one with its number.
func (p *pusher) keep(part blob.Part) {
	p.parts = slices.DeleteFunc(p.parts, func(q blob.Part) bool { return q.Number == part.Number })
	p.parts = append(p.parts, part)
	slices.SortFunc(p.parts, func(x, y blob.Part) int { return x.Number - y.Number })
}

func (p *pusher) complete(t *testing.T, key string) error {
	t.Helper()
	return p.bucket.CompleteUpload(t.Context(), p.upload, p.parts, key)
}

// RunParts tests a bucket that takes files in parts. Each call of open returns an
// empty bucket, and each call of what it returns another value for that one.
func RunParts(t *testing.T, open func(t *testing.T) func() blob.PartBucket) {
	t.Run("parts in any order become one object", func(t *testing.T) {
		t.Parallel()
		b := open(t)()
		p := begin(t, b, "spool/1", noise(1, 2*b.PartSize()+1000))
		p.put(t, 3, 2, 1)
		for i, part := range p.parts {
			if part.Number != i+1 || part.Size != p.section(i+1).Size() || part.MD5 == [16]byte{} {
				t.Errorf("part %d: got %+v", i+1, part)
			}
		}
		wantKeys(t, b, "") // not before it is complete
		if err := p.complete(t, "live/a.mp4"); err != nil {
			t.Fatal(err)
		}
		wantObject(t, b, "live/a.mp4", p.content)
		wantKeys(t, b, "", "live/a.mp4")
	})
	t.Run("a part can be replaced", func(t *testing.T) {
		t.Parallel()
		b := open(t)()
		p := begin(t, b, "spool/1", noise(1, b.PartSize()+1000))
		p.put(t, 1, 2)
		copy(p.content, "the head is patched when the file is finished")
		p.put(t, 1)
		if err := p.complete(t, "a.mp4"); err != nil {
			t.Fatal(err)
		}
		wantObject(t, b, "a.mp4", p.content)
	})
	t.Run("another value of the bucket goes on", func(t *testing.T) {
		t.Parallel()
		reopen := open(t)
		b := reopen()
		p := begin(t, b, "spool/1", noise(1, b.PartSize()+1000))
		p.put(t, 1)
		p.bucket = reopen()
		p.put(t, 2)
		p.bucket = reopen()
		if err := p.complete(t, "a.mp4"); err != nil {
			t.Fatal(err)
		}
		wantObject(t, b, "a.mp4", p.content)
	})
	t.Run("completing twice succeeds twice", func(t *testing.T) {
		t.Parallel()
		reopen := open(t)
		p := begin(t, reopen(), "spool/1", noise(1, 1000))
		p.put(t, 1)
		for range 2 {
			if err := p.complete(t, "a.flv"); err != nil {
				t.Fatal(err)
			}
			p.bucket = reopen()
		}
		wantObject(t, p.bucket, "a.flv", p.content)
	})
	t.Run("an equal object has been put already", func(t *testing.T) {
		t.Parallel()
		b := open(t)()
		p := begin(t, b, "spool/1", noise(1, 1000))
		p.put(t, 1)
		if err := b.PutFile(t.Context(), "a.flv", write(t, p.content)); err != nil {
			t.Fatal(err)
		}
		if err := p.complete(t, "a.flv"); err != nil {
			t.Fatal(err)
		}
		if err := p.complete(t, "b.flv"); !errors.Is(err, blob.ErrNoUpload) {
			t.Errorf("CompleteUpload under another key afterwards = %v, want ErrNoUpload", err)
		}
	})
	t.Run("where another object is, another key can be chosen", func(t *testing.T) {
		t.Parallel()
		b := open(t)()
		p := begin(t, b, "spool/1", noise(1, 1000))
		p.put(t, 1)
		other := noise(2, 1000)
		for _, key := range []string{"a.flv", "b.flv"} {
			if err := b.PutFile(t.Context(), key, write(t, other)); err != nil {
				t.Fatal(err)
			}
			if err := p.complete(t, key); !errors.Is(err, blob.ErrExists) {
				t.Errorf("CompleteUpload as %s = %v, want ErrExists", key, err)
			}
			wantObject(t, b, key, other)
		}
		if err := p.complete(t, "c.flv"); err != nil {
			t.Fatal(err)
		}
		wantObject(t, b, "c.flv", p.content)
		wantKeys(t, b, "", "a.flv", "b.flv", "c.flv")
	})
	t.Run("an aborted upload is forgotten", func(t *testing.T) {
		t.Parallel()
		b := open(t)()
		p := begin(t, b, "spool/1", noise(1, 1000))
		p.put(t, 1)
		for range 2 {
			if err := b.AbortUpload(t.Context(), p.upload); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.PutPart(t.Context(), p.upload, 1, p.section(1)); !errors.Is(err, blob.ErrNoUpload) {
			t.Errorf("PutPart = %v, want ErrNoUpload", err)
		}
		if err := p.complete(t, "a.flv"); !errors.Is(err, blob.ErrNoUpload) {
			t.Errorf("CompleteUpload = %v, want ErrNoUpload", err)
		}
		wantKeys(t, b, "")
	})
	t.Run("an upload of another bucket is not known", func(t *testing.T) {
		t.Parallel()
		p := begin(t, open(t)(), "spool/1", noise(1, 1000))
		p.put(t, 1)
		p.bucket = open(t)()
		if _, err := p.bucket.PutPart(t.Context(), p.upload, 2, p.section(1)); !errors.Is(err, blob.ErrNoUpload) {
			t.Errorf("PutPart = %v, want ErrNoUpload", err)
		}
		if err := p.complete(t, "a.flv"); !errors.Is(err, blob.ErrNoUpload) {
			t.Errorf("CompleteUpload = %v, want ErrNoUpload", err)
		}
		if err := p.bucket.AbortUpload(t.Context(), p.upload); err != nil {
			t.Errorf("AbortUpload: %v", err)
		}
	})
	t.Run("parts with a gap, in disorder or without a mark are refused", func(t *testing.T) {
		t.Parallel()
		b := open(t)()
		p := begin(t, b, "spool/1", noise(1, b.PartSize()+1000))
		p.put(t, 1, 2)
		unmarked := p.parts[0]
		unmarked.ETag = "unmarked"
		for _, parts := range [][]blob.Part{nil, {p.parts[1]}, {p.parts[1], p.parts[0]}, {unmarked, p.parts[1]}} {
			if err := b.CompleteUpload(t.Context(), p.upload, parts, "a.mp4"); err == nil {
				t.Errorf("CompleteUpload of %+v succeeded", parts)
			}
		}
		if _, err := b.PutPart(t.Context(), p.upload, 0, p.section(1)); err == nil {
			t.Error("PutPart with number 0 succeeded")
		}
		wantKeys(t, b, "")
	})
	t.Run("two uploads do not disturb each other", func(t *testing.T) {
		t.Parallel()
		b := open(t)()
		p, q := begin(t, b, "spool/1", noise(1, 1000)), begin(t, b, "spool/2", noise(2, 1000))
		p.put(t, 1)
		q.put(t, 1)
		if err := errors.Join(p.complete(t, "p.flv"), q.complete(t, "q.flv")); err != nil {
			t.Fatal(err)
		}
		wantObject(t, b, "p.flv", p.content)
		wantObject(t, b, "q.flv", q.content)
	})
	t.Run("a file of several parts is put at once", func(t *testing.T) {
		t.Parallel()
		b := open(t)()
		content := noise(1, 2*b.PartSize()+1000)
		if err := b.PutFile(t.Context(), "a.mp4", write(t, content)); err != nil {
			t.Fatal(err)
		}
		wantObject(t, b, "a.mp4", content)
		wantKeys(t, b, "", "a.mp4")
	})
	t.Run("keys of uploads cannot be had", func(t *testing.T) {
		t.Parallel()
		b := open(t)()
		p := begin(t, b, "spool/1", noise(1, 1000))
		p.put(t, 1)
		if err := p.complete(t, ".tallylight-uploads/a"); err == nil {
			t.Error("CompleteUpload under the key of an upload succeeded")
		}
		if err := b.PutFile(t.Context(), ".tallylight-uploads/a", file(t, "a")); err == nil {
			t.Error("PutFile under the key of an upload succeeded")
		}
	})
}
