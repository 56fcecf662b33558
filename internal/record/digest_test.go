package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// tellRichly adds an endpoint with the richer body that wants events.
func (h *harness) tellRichly(events ...live.EventType) {
	h.t.Helper()
	err := h.db.Update(h.t.Context(), func(tx store.Tx) error {
		return tx.AddEndpoint(h.t.Context(), live.Endpoint{ID: "end_1", Domain: key.Domain, URL: "http://archive.example/", Events: events, Rich: true})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// digestOf returns the SHA-256 of the object of a file.
func (h *harness) digestOf(f live.FileDetail) string {
	h.t.Helper()
	content, err := os.ReadFile(filepath.Join(h.dir, "records", f.Bucket, f.ObjectKey))
	if err != nil {
		h.t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// pushOnce pushes two seconds and waits until the files are told of.
func (h *harness) pushOnce() {
	h.t.Helper()
	s := h.open()
	h.push(s, 0, 2*time.Second)
	s.Close(nil)
	time.Sleep(2 * time.Minute)
	synctest.Wait()
}

func TestDigestIsThatOfTheObject(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()
		h.tellRichly(live.EventFileCreated)
		h.start()
		h.pushOnce()
		for _, f := range h.details(4) {
			if want := h.digestOf(f); f.SHA256 != want {
				t.Errorf("%s: SHA-256 %q, want %s", f.Format, f.SHA256, want)
			}
		}
	})
}

func TestDigestIsNotMadeInVain(t *testing.T) {
	for name, prepare := range map[string]func(*harness){
		"nobody beside the notify config": func(*harness) {},
		"an endpoint for other events":    func(h *harness) { h.tellRichly(live.EventRecordError) },
		"an endpoint with the vendor's body": func(h *harness) {
			err := h.db.Update(h.t.Context(), func(tx store.Tx) error {
				return tx.AddEndpoint(h.t.Context(), live.Endpoint{ID: "end_1", Domain: key.Domain, URL: "http://archive.example/"})
			})
			if err != nil {
				h.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *harness) {
				prepare(h)
				h.start()
				h.pushOnce()
				for _, f := range h.details(2) {
					if f.SHA256 != "" {
						t.Errorf("%s has the digest %s, want none", f.Format, f.SHA256)
					}
				}
			})
		})
	}
}

func TestKillAtAnyStepLeavesTheDigestRight(t *testing.T) {
	const steps = 9 // started, paused, closed; two files are sealed, put, and told of
	for step := int64(1); step <= steps; step++ {
		t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
			bubble(t, func(t *testing.T, h *harness) {
				h.tellRichly()
				h.world.failAt, h.world.killAtFault = step, true
				h.start()
				h.pushOnce()
				told := make(map[live.RecordFileID]string)
				for _, e := range h.events() {
					if f := e.Detail.File; f != nil {
						told[f.ID] = f.SHA256
					}
				}
				h.crash()
				h.start()
				h.pushOnce() // of a recording whose first commit failed, nothing is left
				for _, e := range h.events() {
					f := e.Detail.File
					if f == nil {
						continue
					}
					if want := h.digestOf(*f); f.SHA256 != want {
						t.Errorf("%s: SHA-256 %q, want %s", f.Format, f.SHA256, want)
					}
					if before, ok := told[f.ID]; ok && f.SHA256 != before {
						t.Errorf("%s: SHA-256 %q, was told as %q before the kill", f.Format, f.SHA256, before)
					}
					delete(told, f.ID)
				}
				if len(told) > 0 {
					t.Errorf("%v are not told of any more", told)
				}
			})
		})
	}
}

func TestFileThatCannotBeReadIsToldOfWithoutDigest(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.tellRichly()
		h.start()
		s := &sealing{row: live.RecordFile{ID: "file_1", Key: key}}
		if err := s.digestFile(t.Context(), h.recorder, filepath.Join(h.dir, "gone")); err != nil || s.row.SHA256 != "" {
			t.Errorf("digestFile = %v, digest %q; want neither", err, s.row.SHA256)
		}
	})
}

func TestDigestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if sum, err := digest(ctx, path); err != nil || sum != "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" {
		t.Errorf("digest = %q, %v", sum, err)
	}
	cancel()
	if sum, err := digest(ctx, path); err == nil {
		t.Errorf("digest with an ended context = %q", sum)
	}
}
