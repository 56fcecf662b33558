package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

const staticPath = Root + "static/"

// An asset is a file that pages use.
type asset struct {
	contentType string
	content     []byte
	compressed  []byte // by gzip
	version     string // from the content
}

// assets are the files of the folder static, by name. Their addresses hold their
// versions, so that browsers may keep them for ever.
type assets map[string]asset

// newAssets reads and compresses the embedded files.
func newAssets() assets {
	all := make(assets)
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		panic(err) // they are embedded
	}
	for _, e := range entries {
		content, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
		z.Write(content)                                      // to memory
		z.Close()
		sum := sha256.Sum256(content)
		all[e.Name()] = asset{
			contentType: mime.TypeByExtension(path.Ext(e.Name())),
			content:     content,
			compressed:  b.Bytes(),
			version:     hex.EncodeToString(sum[:8]),
		}
	}
	return all
}

// address returns the path of an asset; that it exists, a test of the templates
// sees to.
func (a assets) address(name string) string {
	return staticPath + a[name].version + "/" + name
}

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a[r.PathValue("name")]
	if !ok || r.PathValue("version") != f.version {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	content := f.content
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		content = f.compressed
	}
	w.Write(content) // a browser that has gone needs none
}
