package chaos

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

// lossBound is what docs/architecture.md says that a killed server can lose: a
// quarter of a second in the socket, half a second in the queue, and what it takes
// to get there. How late the machine was found to be comes on top.
const lossBound = time.Second

// checkStore fails unless the store of the server, which has ended, says that
// every file is finished, and that recordings are over or wait for the next start.
// It returns the ids of all events that were to be told.
func (w *world) checkStore() map[string]bool {
	w.t.Helper()
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(w.server.data, "tallylight.db"), sqlite.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	events := make(map[string]bool)
	err = db.View(ctx, func(tx store.Reader) error {
		open, err := tx.OpenRecordings(ctx)
		if err != nil {
			return err
		}
		for _, r := range open {
			if r.State == live.RecordingPaused {
				continue
			}
			w.fault("recording %s of %s is %s after the end", r.ID, r.Key, r.State)
		}
		unfinished, err := tx.UnfinishedRecordFiles(ctx)
		if err != nil {
			return err
		}
		for _, f := range unfinished {
			w.fault("record file %s of %s is %s after the end", f.ID, f.Key, f.State)
		}
		return w.eachEvent(ctx, tx, func(e live.Event) error {
			events[string(e.ID)] = true
			if e.Detail.File == nil {
				return nil
			}
			return w.checkRow(ctx, tx, e)
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return events
}

// eachEvent calls fn with every event of every stream that was pushed.
func (w *world) eachEvent(ctx context.Context, tx store.Reader, fn func(live.Event) error) error {
	seen := make(map[live.StreamKey]bool)
	for _, p := range w.ledger.pushes {
		key := live.StreamKey{Domain: streamingDomain, App: p.app, Stream: streamName(p.id.stream)}
		if seen[key] {
			continue
		}
		seen[key] = true
		for after := int64(0); ; {
			events, err := tx.Events(ctx, key, after, 1000)
			if err != nil {
				return err
			}
			if len(events) == 0 {
				break
			}
			for _, e := range events {
				if err := fn(e); err != nil {
					return err
				}
				after = e.Seq
			}
		}
	}
	return nil
}

// checkRow holds the event of a file against the file's row and the object.
func (w *world) checkRow(ctx context.Context, tx store.Reader, e live.Event) error {
	file := e.Detail.File
	row, err := tx.RecordFile(ctx, file.ID)
	if err != nil {
		return err
	}
	if row.State != live.FileStored || row.ObjectKey != file.ObjectKey || row.Size != file.Size {
		w.fault("record file %s is %+v, announced as %+v", file.ID, row, file)
	}
	if want := file.ID.EventID(); e.ID != want {
		w.fault("record file %s was announced under the id %s, want %s", file.ID, e.ID, want)
	}
	info, err := os.Stat(filepath.Join(w.bucket(), filepath.FromSlash(file.ObjectKey)))
	if err != nil {
		w.fault("announced file: %v", err)
	} else if info.Size() != file.Size {
		w.fault("%s has %d bytes, announced were %d", file.ObjectKey, info.Size(), file.Size)
	}
	return nil
}

// checkFiles fails unless the bucket holds the announced files, the objects that
// these name, and no other, the spool is empty, and files play.
func (w *world) checkFiles() {
	w.t.Helper()
	var paths []string
	expected := make(map[string]bool)
	for uri := range w.receiver.files {
		path := filepath.Join(w.bucket(), filepath.FromSlash(uri))
		paths = append(paths, path)
		expected[path] = true
	}
	for _, c := range w.contents {
		for _, path := range c.parts {
			expected[path] = true
		}
	}
	err := filepath.WalkDir(w.bucket(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		if !expected[path] {
			w.fault("%s is in the bucket and no announced file names it", path)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		w.figures.objects++
		w.figures.bytes += info.Size()
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.figures.files = len(paths)
	left, err := os.ReadDir(w.spool())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range left {
		if e.Name() == spoolMark {
			continue
		}
		w.fault("%s is left in the spool", e.Name())
	}
	slices.Sort(paths)
	w.checkPlay(paths)
}

// isShort reports whether the run is a short one, which tries samples of what a
// long one tries all of.
func isShort() bool { return *rounds < 100 }

// sampleOfShortRun is how many files are decoded in a short run.
const sampleOfShortRun = 48

// checkPlay has ffmpeg decode files, all of them in a long run. It may not say a
// word.
func (w *world) checkPlay(paths []string) {
	w.rng.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	if isShort() && len(paths) > sampleOfShortRun {
		paths = paths[:sampleOfShortRun]
	}
	w.figures.decoded = len(paths)
	const atOnce = 12 // files of one process
	var decoding sync.WaitGroup
	slots := make(chan struct{}, 2)
	for batch := range slices.Chunk(paths, atOnce) {
		slots <- struct{}{}
		decoding.Go(func() {
			defer func() { <-slots }()
			if decode(batch...) == nil {
				return
			}
			for _, path := range batch { // which is it?
				if err := decode(path); err != nil {
					w.fault("%v", err)
				}
			}
		})
	}
	decoding.Wait()
}

// decode fails if ffmpeg does, or utters a warning, on reading files to their end.
func decode(paths ...string) error {
	level, args := "warning", []string{"-nostdin"}
	jumps := false
	for _, path := range paths {
		if formatOf(path) == live.FormatCMAF {
			path = multivariantOf(path)
		}
		jumps = jumps || hasJumps(path)
		args = append(args, "-i", path)
	}
	for i := range paths {
		args = append(args, "-map", fmt.Sprint(i))
	}
	if jumps { // of which ffmpeg warns
		level = "error"
	}
	// The timestamps have been checked; ffmpeg's null output rounds them to a frame
	// rate that it guesses, and then finds some twice.
	args = append(args, "-vf", "setpts=N/FR/TB", "-af", "asetpts=N/SR/TB")
	cmd := exec.Command("ffmpeg", append(append([]string{"-v", level}, args...), "-f", "null", "-")...)
	if output, err := cmd.CombinedOutput(); err != nil || len(output) > 0 {
		return fmt.Errorf("%s does not play: %v\n%s", strings.Join(paths, " "), err, output)
	}
	return nil
}

// hasJumps reports whether a playlist says that timestamps jump. Those that cannot
// be read fail elsewhere.
func hasJumps(path string) bool {
	if formatOf(path) != live.FormatM3U8 {
		return false
	}
	text, err := os.ReadFile(path)
	return err == nil && bytes.Contains(text, []byte("#EXT-X-DISCONTINUITY\n"))
}

// checkFrames fails unless each frame is where it ought to be: once in a file of
// every format, or lost within the bound before its push or its server ended.
func (w *world) checkFrames() {
	w.t.Helper()
	found := make(map[spanKey][]span)
	for _, c := range w.contents {
		for _, spans := range c.spans {
			for _, s := range spans {
				key := spanKey{s.push, s.kind, c.format}
				found[key] = append(found[key], s)
			}
		}
		w.figures.found += c.frames
	}
	for _, p := range w.ledger.pushes {
		for _, format := range ruleOf(p.app).formats {
			for k, kind := range kinds {
				key := spanKey{p.id, kind, format}
				w.checkSpans(p, p.sent[k], key, found[key])
				delete(found, key)
			}
		}
	}
	for key := range found {
		w.fault("%v is in files and was not to be recorded", key)
	}
}

// A spanKey says where spans belong.
type spanKey struct {
	push   pushID
	kind   media.Kind
	format live.Format
}

func (k spanKey) String() string {
	return fmt.Sprintf("push %d of stream %d, %s in %s", k.push.push, k.push.stream, kindNames[slot(k.kind)], k.format)
}

// checkSpans judges what was found of one kind of frames of a push in the files of
// a format, of those sent at the times given.
func (w *world) checkSpans(p *push, sent []time.Time, key spanKey, found []span) {
	slices.SortFunc(found, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	w.figures.sent += len(sent)
	next := uint32(0)
	for _, s := range found {
		if s.first < next {
			w.fault("%v: frames %d to %d are in two files", key, s.first, min(next, s.end))
		}
		w.checkLost(p, sent, key, next, s.first, false)
		next = max(next, s.end)
	}
	w.checkLost(p, sent, key, next, uint32(len(sent)), true)
}

// checkLost judges frames that are in no file; last says that none follows them.
func (w *world) checkLost(p *push, sent []time.Time, key spanKey, from, to uint32, last bool) {
	end := w.server.endOf(p.run)
	if !p.broke.IsZero() && (end.IsZero() || p.broke.Before(end)) {
		end = p.broke
	}
	bound := lossBound + w.server.lagOf(p.run)
	for i := from; i < to; i++ {
		if int(i) >= len(sent) {
			return // it was being sent when the connection ended, and came through
		}
		if w.isExcused(sent[i]) {
			w.figures.excused++
			continue
		}
		age := end.Sub(sent[i])
		w.figures.lost++
		w.figures.oldestLost = max(w.figures.oldestLost, age)
		w.figures.lag = max(w.figures.lag, bound-lossBound)
		switch {
		case age > bound:
			w.fault("%v: frame %d of %d was sent %v before the end, bound is %v, and is in no file", key, i, len(sent), age, bound)
			return
		case !last:
			w.fault("%v: frame %d of %d is in no file, later ones are", key, i, len(sent))
			return
		}
	}
}

func (w *world) isExcused(sent time.Time) bool {
	return slices.ContainsFunc(w.outages, func(o outage) bool { return sent.After(o.from) && sent.Before(o.to) })
}
