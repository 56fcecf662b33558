package playback

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
)

// writeTimeout is how long a client may take to accept some of a file, whatever
// the timeout of its server: pauses of players are the clients' own, not to be
// confused with clients that are gone.
const writeTimeout = 2 * time.Minute

// ServeFile answers GET and HEAD with a record file as MP4, or with the ranges of it
// that the client asks for. With download=1 in the query, browsers save it. It does
// not ask who the client is.
func (f *Files) ServeFile(w http.ResponseWriter, r *http.Request, id live.RecordFileID) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "use GET or HEAD", http.StatusMethodNotAllowed)
		return
	}
	// Indexing a long file may outlast the server's timeouts, too. The deadline of
	// reading is for the request, which has been read.
	patient := &patientWriter{ResponseWriter: w, control: http.NewResponseController(w)}
	_ = patient.control.SetReadDeadline(time.Time{})
	patient.extend()
	file, err := f.Open(r.Context(), id)
	if err != nil {
		f.refuse(w, r, id, err)
		return
	}
	defer file.Close()

	disposition := "inline"
	if r.URL.Query().Get("download") == "1" {
		disposition = "attachment"
	}
	h := w.Header()
	h.Set("Content-Type", file.ContentType())
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": file.Name()}))
	h.Set("ETag", file.ETag())
	h.Set("Cache-Control", "private, no-cache") // the right to see it can end
	h.Set("X-Content-Type-Options", "nosniff")
	content := &watchedReader{ReadSeeker: file}
	http.ServeContent(patient, r, "", file.ModTime(), content)
	if content.err != nil && r.Context().Err() == nil {
		f.cfg.Log.Warn("playback broke off", "file_id", id, "err", content.err)
	}
}

// A patientWriter gives every write its time.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

// extend moves the deadline. Where there is none, there is nothing to move.
func (w *patientWriter) extend() { _ = w.control.SetWriteDeadline(time.Now().Add(writeTimeout)) }

func (w *patientWriter) Write(p []byte) (int, error) {
	w.extend()
	return w.ResponseWriter.Write(p)
}

// A watchedReader keeps the error that http.ServeContent keeps to itself. The
// client sees that its answer is shorter than promised.
type watchedReader struct {
	io.ReadSeeker
	err error
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.ReadSeeker.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// refuse says why a file is not served.
func (f *Files) refuse(w http.ResponseWriter, r *http.Request, id live.RecordFileID, err error) {
	if r.Context().Err() != nil {
		return // nobody is there any more
	}
	status, text := http.StatusServiceUnavailable, "The recording cannot be read at present. Try again later."
	switch {
	case errors.Is(err, live.ErrNotFound):
		status, text = http.StatusNotFound, "There is no such recording."
	case errors.Is(err, ErrGone):
		status, text = http.StatusGone, "The recording was deleted."
	case errors.Is(err, media.ErrNoMedia):
		status, text = http.StatusGone, "The recording holds nothing to play."
	case errors.Is(err, ErrRecording):
		status, text = http.StatusConflict, "The recording is not finished yet. Try again when it is."
	case errors.Is(err, ErrBusy):
		text = "Too many recordings are played at present. Try again later."
	default:
		f.cfg.Log.Error("cannot play record file", "file_id", id, "err", err)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
	}
	http.Error(w, text, status)
}
