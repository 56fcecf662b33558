package playback

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"tallylight/internal/live"
)

// A Handler serves the record files that signed links lead to.
type Handler struct {
	Files *Files
	Links *Links
	Log   *slog.Logger
}

// Root begins the paths that a Handler serves.
const Root = linkPath

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, linkPath)
	id, isFile := strings.CutSuffix(name, linkSuffix)
	if !ok || !isFile {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the signature is for whoever has it
	err := h.Links.Verify(r.Context(), live.RecordFileID(id), r.URL.Query())
	switch {
	case err == nil:
		h.Files.ServeFile(w, r, live.RecordFileID(id))
	case errors.Is(err, ErrLinkExpired):
		http.Error(w, "This link has expired. Ask whoever gave it to you for a new one.", http.StatusForbidden)
	case errors.Is(err, ErrLinkInvalid):
		http.Error(w, "This link is not valid. Was all of it copied? Otherwise, ask whoever gave it to you for a new one.", http.StatusForbidden)
	case r.Context().Err() == nil:
		h.Log.Error("cannot verify link", "err", err)
		http.Error(w, "The link cannot be verified at present. Try again later.", http.StatusServiceUnavailable)
	}
}
