package chaos

import (
	"bufio"
	"errors"
	"io"
	"os"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
)

// walkFLV walks the tags of an FLV file.
func walkFLV(path string, r *contentReader) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tags, err := flv.NewReader(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return nil, err
	}
	for {
		tag, err := tags.ReadTag()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		u, ok, err := tag.Unit()
		if err != nil {
			return nil, err
		}
		if !ok || u.Config || u.Kind == media.Data {
			continue
		}
		if err := r.add(u); err != nil {
			return nil, err
		}
	}
}
