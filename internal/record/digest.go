package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// digestChunk is how much is digested between two looks at the context.
const digestChunk = 8 << 20

// digestWanted reports whether somebody is going to be told the digest of the file.
// All of the file is read for it, which is not done in vain.
func (s *sealing) digestWanted(ctx context.Context, r *Recorder) (bool, error) {
	if s.row.SHA256 != "" {
		return false, nil // an earlier attempt made it
	}
	var endpoints []live.Endpoint
	err := r.cfg.Store.View(ctx, func(tx store.Reader) (err error) {
		endpoints, err = tx.Endpoints(ctx, s.row.Key.Domain)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("who is told of record file %s: %w", s.row.ID, err)
	}
	return slices.ContainsFunc(endpoints, func(e live.Endpoint) bool { return e.Rich && e.Wants(live.EventFileCreated) }), nil
}

// digestFile digests the finished spool file at path, which is the object byte for
// byte. One that cannot be read is told of without a digest: the object is stored,
// and that is what counts.
func (s *sealing) digestFile(ctx context.Context, r *Recorder, path string) error {
	wanted, err := s.digestWanted(ctx, r)
	if !wanted {
		return err
	}
	select {
	case r.digesting <- struct{}{}:
		defer func() { <-r.digesting }()
	case <-ctx.Done():
		return fmt.Errorf("digest record file %s: %w", s.row.ID, ctx.Err())
	}
	sum, err := digest(ctx, path)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("digest record file %s: %w", s.row.ID, err)
	}
	if err != nil {
		r.cfg.Log.Error("cannot digest record file, receivers are told without", "file_id", s.row.ID, "err", err)
	}
	s.row.SHA256 = sum
	return nil
}

// digest returns the SHA-256 of a file in hex.
func digest(ctx context.Context, path string) (sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		switch _, err := io.CopyN(hash, f, digestChunk); {
		case errors.Is(err, io.EOF):
			return hex.EncodeToString(hash.Sum(nil)), nil
		case err != nil:
			return "", err
		}
	}
}

// digestIndex digests the index of a sliced file, which is the object that bears
// its name.
func (s *sealing) digestIndex(ctx context.Context, r *Recorder, slices []live.Slice) error {
	wanted, err := s.digestWanted(ctx, r)
	if !wanted {
		return err
	}
	sum := sha256.Sum256(ownIndex(s.row, slices))
	s.row.SHA256 = hex.EncodeToString(sum[:])
	return nil
}
