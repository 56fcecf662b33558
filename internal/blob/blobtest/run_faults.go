package blobtest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tallylight/internal/blob"
)

// impatience is how long a bucket waits whose store is silent in a test.
const impatience = 250 * time.Millisecond

// maxRequests bounds how many requests an operation may make in a test.
const maxRequests = 50

// RunFaults tests that one failed request, whichever it is and however it fails,
// leaves an operation that can be repeated by another process, and that an object
// that comes at any time is not replaced. Each call of open returns an empty bucket behind the handler faults; each call of reopen
// another value for it, with that timeout.
func RunFaults(t *testing.T, open func(t *testing.T) (reopen func(timeout time.Duration) blob.PartBucket, faults *Faults)) {
	operations := []struct {
		name string
		// begin prepares the operation; what it returns does it or goes on with it.
		begin func(t *testing.T, key string, b blob.PartBucket) (attempt func(b blob.PartBucket) error, content []byte)
	}{
		{"PutFile", func(t *testing.T, key string, b blob.PartBucket) (func(blob.PartBucket) error, []byte) {
			content := noise(1, 1000)
			path := write(t, content)
			return func(b blob.PartBucket) error { return b.PutFile(t.Context(), key, path) }, content
		}},
		{"PutFile in parts", func(t *testing.T, key string, b blob.PartBucket) (func(blob.PartBucket) error, []byte) {
			content := noise(1, b.PartSize()+1)
			path := write(t, content)
			return func(b blob.PartBucket) error { return b.PutFile(t.Context(), key, path) }, content
		}},
		{"an upload", func(t *testing.T, key string, b blob.PartBucket) (func(blob.PartBucket) error, []byte) {
			p := &pusher{content: noise(1, 1000)}
			return func(b blob.PartBucket) error {
				p.bucket = b
				return p.proceed(t, key)
			}, p.content
		}},
	}
	for _, fault := range AllFaults {
		for _, op := range operations {
			t.Run(op.name+": "+string(fault), func(t *testing.T) {
				t.Parallel()
				reopen, faults := open(t)
				patient := reopen(time.Minute)
				timeout := time.Minute
				if fault == Silence || fault == SilenceDone {
					timeout = impatience
				}
				for before := range maxRequests {
					key := fmt.Sprintf("live/%d.mp4", before)
					attempt, content := op.begin(t, key, patient)
					faults.Set(fault, before)
					err := attempt(reopen(timeout))
					if failed := faults.Clear(); !failed && err == nil {
						return // every request has had its turn
					}
					if errors.Is(err, blob.ErrExists) || errors.Is(err, blob.ErrNoUpload) || errors.Is(err, blob.ErrDenied) {
						t.Fatalf("request %d failed: %v, which says more than is known", before+1, err)
					}
					if err := attempt(patient); err != nil {
						t.Fatalf("after request %d had failed (%v): %v", before+1, err, err)
					}
					wantObject(t, patient, key, content)
					wantKeys(t, patient, key, key)
				}
				t.Fatalf("more than %d requests", maxRequests)
			})
		}
	}
	for _, op := range operations {
		t.Run(op.name+": another object comes first", func(t *testing.T) {
			t.Parallel()
			reopen, faults := open(t)
			b := reopen(time.Minute)
			for before := range maxRequests {
				key := fmt.Sprintf("live/%d.mp4", before)
				attempt, content := op.begin(t, key, b)
				other := noise(2, int64(len(content)))
				var otherErr error
				faults.Interpose(before, func() { otherErr = b.PutFile(t.Context(), key, write(t, other)) })
				err := attempt(b)
				if happened := faults.Clear(); !happened && err == nil {
					return // it has come before every request
				}
				kept := content
				switch {
				case otherErr == nil && errors.Is(err, blob.ErrExists):
					kept = other
				case err == nil && errors.Is(otherErr, blob.ErrExists):
				default:
					t.Errorf("before request %d: %v, and the other %v; want ErrExists for one of them", before+1, err, otherErr)
					continue
				}
				wantObject(t, b, key, kept)
			}
			t.Fatalf("more than %d requests", maxRequests)
		})
	}
	t.Run("Delete", func(t *testing.T) {
		t.Parallel()
		for _, fault := range AllFaults {
			reopen, faults := open(t)
			patient := reopen(time.Minute)
			if err := patient.PutFile(t.Context(), "k", file(t, "hello")); err != nil {
				t.Fatal(err)
			}
			faults.Set(fault, 0)
			if err := reopen(impatience).Delete(t.Context(), "k"); err == nil {
				t.Errorf("%s: Delete succeeded", fault)
			}
			faults.Clear()
			if err := patient.Delete(t.Context(), "k"); err != nil {
				t.Errorf("%s: Delete again: %v", fault, err)
			}
			if _, err := patient.Size(t.Context(), "k"); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("%s: Size = %v, want ErrNotFound", fault, err)
			}
		}
	})
}

// proceed does what is left of an upload, as far as p knows.
func (p *pusher) proceed(t *testing.T, key string) error {
	if p.upload.ID == "" {
		u, err := p.bucket.BeginUpload(t.Context(), key)
		if err != nil {
			return err
		}
		p.upload = u
	}
	for number := len(p.parts) + 1; number <= p.count(); number++ {
		part, err := p.bucket.PutPart(t.Context(), p.upload, number, p.section(number))
		if err != nil {
			return err
		}
		p.keep(part)
	}
	return p.complete(t, key)
}
