package storetest

import (
	"context"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testUploads(t *testing.T, b Backend) {
	u := live.Upload{Name: "file_1.mp4.part", File: "file_1", Bucket: "shows", ID: "up-1", PartSize: 16 << 20, StartedAt: epoch}
	get := func(ctx context.Context, r store.Reader) (live.Upload, error) { return r.Upload(ctx, u.Name) }
	parts := func(ctx context.Context, r store.Reader) ([]live.UploadPart, error) {
		return r.UploadParts(ctx, u.Name)
	}
	missing(t, b.Store, live.ErrNotFound, get)
	equal(t, "parts of no upload", read(t, b.Store, parts), nil)

	second := live.UploadPart{Number: 2, Size: 16 << 20, ETag: `"e2"`, MD5: [16]byte{0, 1, 0xff}}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := refused(tx.AddUploadPart(ctx, u, second), live.ErrNotFound); err != nil {
			return err
		}
		if err := tx.PutUpload(ctx, u); err != nil {
			return err
		}
		if err := tx.PutUpload(ctx, live.Upload{Name: "file_2.mp4.part", ID: "up-2"}); err != nil {
			return err
		}
		return tx.AddUploadPart(ctx, live.Upload{Name: "file_2.mp4.part", ID: "up-2"}, second)
	})
	equal(t, "Upload", read(t, b.Store, get), u)

	first := live.UploadPart{Number: 1, Size: 1 << 40}
	replaced := live.UploadPart{Number: 2, Size: 5, ETag: "other", MD5: [16]byte{15: 9}}
	for _, p := range []live.UploadPart{second, first, replaced} {
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.AddUploadPart(ctx, u, p) })
	}
	equal(t, "UploadParts", read(t, b.Store, parts), []live.UploadPart{first, replaced})

	// Another upload of the same file has no parts, and the old one's come too late.
	old := u
	u.ID, u.PartSize = "up-3", 8<<20
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.PutUpload(ctx, u); err != nil {
			return err
		}
		return refused(tx.AddUploadPart(ctx, old, second), live.ErrNotFound)
	})
	equal(t, "Upload begun anew", read(t, b.Store, get), u)
	equal(t, "its parts", read(t, b.Store, parts), nil)

	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.AddUploadPart(ctx, u, second); err != nil {
			return err
		}
		if err := tx.DeleteUpload(ctx, u.Name); err != nil {
			return err
		}
		return tx.DeleteUpload(ctx, u.Name)
	})
	missing(t, b.Store, live.ErrNotFound, get)
	equal(t, "parts of a deleted upload", read(t, b.Store, parts), nil)
	equal(t, "parts of another upload", read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.UploadPart, error) {
		return r.UploadParts(ctx, "file_2.mp4.part")
	}), []live.UploadPart{second})
}

func testFinishedUploads(t *testing.T, b Backend) {
	var uploads []live.Upload
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for i, state := range []live.RecordFileState{
			live.FileOpen, live.FileSealed, live.FileStored, live.FileDiscarded, live.FileDeleted, "", // "": no row
		} {
			id := live.RecordFileID(string(rune('a' + i)))
			u := live.Upload{Name: string(id) + ".part", File: id, Bucket: "shows", ID: "up"}
			uploads = append(uploads, u)
			if err := tx.PutUpload(ctx, u); err != nil {
				return err
			}
			if state == "" {
				continue
			}
			if err := tx.PutRecordFile(ctx, live.RecordFile{ID: id, State: state}); err != nil {
				return err
			}
		}
		return nil
	})
	page := func(after string, limit int) []live.Upload {
		t.Helper()
		return read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.Upload, error) {
			return r.FinishedUploads(ctx, after, limit)
		})
	}
	equal(t, "all", page("", 10), uploads[2:])
	equal(t, "a page", page("", 2), uploads[2:4])
	equal(t, "behind the page", page("d.part", 10), uploads[4:])
	equal(t, "no page", page("", 0), nil)
}
