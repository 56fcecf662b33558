package record

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
)

// A recording makes files of the sessions of one stream. All but arrivals, orders
// and status belongs to the goroutine of run; docs/architecture.md draws its states.
type recording struct {
	recorder *Recorder
	cfg      Config
	log      *slog.Logger
	key      live.StreamKey
	matched  live.RecordConfig // as it was when the first session came
	rule     live.RecordConfig // the same, or what a decision left of it
	signKey  string
	askURL   string // where a decision is asked for; "": nowhere

	before   *recording    // of the same stream, whose news comes first; nil: none
	done     chan struct{} // closed when everything is committed
	wake     chan struct{} // has room for one signal
	arrivals []*Session    // guarded by Recorder.mu, as are orders
	orders   []order
	status   atomic.Pointer[live.RecordStatus] // for Recorder.Status

	committer *committer
	batch     batch
	session   *Session  // nil while none feeds the recording
	automatic bool      // the rule wants the session; otherwise a command did
	decision  *decision // not nil while nobody knows whether the rule wants it

	// left is what the last run of the server left of the recording, until run
	// takes it up.
	left *leftover
	// row is the recording as the store knows it; its ID is empty until the
	// first files are opened, and again after a failure.
	row      live.Recording
	known    trackSet // what the encoder has announced
	writing  trackSet // what the open files hold
	timeline timeline
	outputs  []*output
	needKey  bool         // video frames before the next key frame are of no use
	resuming bool         // a session goes on with the recording and no frame came yet
	stopped  bool         // the session is not recorded, until a command says so
	cutNext  bool         // a command wants new files at the next key frame
	held     []media.Unit // wait for the first files to be opened
	heldAt   time.Time    // when the first of them came in
	heldLead int          // how many data messages come before their first frame
	heldKey  bool         // there is a key frame of the video among them
	deferred []media.Unit // sound of a changed track, waits for the next files
	soundAt  time.Time    // since when sound alone comes in, where some is deferred
	waiting  int          // memory of held and deferred, in bytes
	segment  []media.Unit // placed on the timeline, to be written
	gap      *live.Gap    // comes before the segment, and the files do not know it yet; nil: none

	odd      bool          // a unit came that no track holds
	oddSince time.Duration // the DTS of the first
	barren   bool          // the session holds nothing that can be recorded
	retryAt  time.Time     // after a failure: when to begin anew
	deadline time.Time     // while no session feeds it: when the recording ends
}

func newRecording(r *Recorder, key live.StreamKey, rule live.RecordConfig) *recording {
	rec := &recording{
		recorder: r,
		cfg:      r.cfg,
		log:      r.cfg.Log.With("domain", key.Domain, "app", key.App, "stream", key.Stream),
		key:      key,
		matched:  rule,
		rule:     rule,
		done:     make(chan struct{}),
		wake:     make(chan struct{}, 1),
	}
	rec.status.Store(&live.RecordStatus{})
	rec.committer = newCommitter(r, rec.log)
	rec.outputs = newOutputs(rec, rule)
	return rec
}

// poke makes run look at what changed.
func (r *recording) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run feeds sessions to files until the stream has been gone for the rule's
// DelayTime, or the Recorder closes. When it returns all is sealed and told.
func (r *recording) run() {
	done := make(chan struct{})
	go func() {
		r.committer.run()
		close(done)
	}()
	if r.left != nil {
		r.takeUp(r.left)
		r.left = nil
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := r.cfg.Now()
		if r.step(now) {
			break
		}
		r.report(now)
		timer.Reset(r.nextStep(now))
		var ready chan struct{}
		if r.session != nil {
			ready = r.session.ready
		}
		select {
		case <-ready:
		case <-timer.C:
		case <-r.wake:
		}
	}
	r.committer.close()
	<-done
	r.recorder.ended(r)
}

// nextStep returns how long step has nothing to do unless something arrives.
func (r *recording) nextStep(now time.Time) time.Duration {
	switch {
	case r.feeding():
		return r.cfg.FlushInterval
	case r.row.ID != "":
		return max(r.deadline.Sub(now), 0)
	default:
		return time.Hour
	}
}

// feeding reports whether a session's frames are wanted.
func (r *recording) feeding() bool { return r.session != nil && !r.stopped }

// step does what is due and reports whether the recording is over.
func (r *recording) step(now time.Time) (over bool) {
	closing := r.recorder.isClosing()
	ending := closing || r.windowOver(now)
	for r.session != nil || r.beginSession(now) {
		r.session.take(&r.batch)
		r.consume(now)
		r.hear(now)
		if !ending && (!r.batch.closed || r.undecided()) {
			break
		}
		r.endSession(now)
	}
	r.obey(now)
	if r.row.ID != "" && !r.feeding() {
		switch {
		case r.windowOver(now) || !now.Before(r.deadline):
			r.close()
		case closing:
			r.suspend()
		}
	}
	if r.session != nil || r.row.ID != "" {
		return false
	}
	if !r.recorder.retire(r) {
		r.poke()
		return false
	}
	return true
}

func (r *recording) windowOver(now time.Time) bool {
	return !r.rule.EndTime.IsZero() && !now.Before(r.rule.EndTime)
}

// beginSession takes the next arrival, if there is one.
func (r *recording) beginSession(now time.Time) bool {
	r.recorder.mu.Lock()
	if len(r.arrivals) > 0 {
		r.session = r.arrivals[0]
		r.arrivals = r.arrivals[1:]
	}
	r.recorder.mu.Unlock()
	if r.session == nil {
		return false
	}
	r.odd, r.barren = false, false
	r.retryAt = time.Time{}
	if r.row.ID == "" {
		r.known = trackSet{}
		r.rule = r.matched
		r.outputs = newOutputs(r, r.rule)
	}
	r.automatic = r.decide()
	r.stopped = !r.automatic
	r.session.standBy(r.stopped)
	if !r.stopped {
		r.startFeeding()
	}
	return true
}

// startFeeding prepares for the frames of a session: a new one, or one that a
// command takes up.
func (r *recording) startFeeding() {
	r.resuming = r.row.ID != ""
	r.needKey = true
	r.timeline.startSession()
}

// endSession is called when the push is over and everything of it was consumed.
func (r *recording) endSession(now time.Time) {
	if r.decision != nil {
		r.take(verdict{err: errClosing}, now)
	}
	r.drain(now)
	r.session.abandon()
	if !r.stopped {
		r.pause(now)
	}
	if !r.automatic {
		r.deadline = now // what a command started ends with its push
	}
	r.session = nil
}

// undecided reports whether the session, which is over, still waits for a
// decision. The question is put if it was not before.
func (r *recording) undecided() bool {
	if r.decision == nil {
		return false
	}
	if len(r.held) == 0 {
		r.take(verdict{}, r.cfg.Now()) // nothing came that could be recorded
		return false
	}
	r.ask(r.cfg.Now())
	return true
}

// drain writes what still waits, if files can be made of it.
func (r *recording) drain(now time.Time) {
	switch {
	case r.stopped:
	case len(r.held) > 0:
		r.begin(now)
	case len(r.deferred) > 0:
		r.cut(now, r.known.sound())
	case r.odd && r.known.empty():
		r.failSession(now)
	}
	r.flush(now)
	r.dropWaiting()
}

// pause begins the wait for the encoder, or for a command.
func (r *recording) pause(now time.Time) {
	if r.row.ID == "" || r.resuming { // nothing was recorded, or the wait goes on
		return
	}
	for _, o := range r.outputs {
		o.rest()
	}
	r.row.State, r.row.PausedAt = live.RecordingPaused, now
	r.deadline = deadline(r.row)
	r.tell(live.EventRecordPaused, live.EventDetail{}, now)
}

// consume puts the batch into the files.
func (r *recording) consume(now time.Time) {
	if r.batch.dropped > 0 {
		r.log.Warn("frames dropped, the disk is too slow", "dropped", r.batch.dropped)
	}
	holes := r.batch.holes
	for i := range r.batch.units {
		if len(holes) > 0 && holes[0].before == i {
			r.flush(now)
			r.missed(holes[0].from, holes[0].to)
			holes = holes[1:]
		}
		r.accept(&r.batch.units[i], now)
	}
	r.flush(now)
	r.batch.units, r.batch.holes = r.batch.units[:0], r.batch.holes[:0]
}

// accept sorts one unit: it is learnt from, dropped, made to wait or placed.
func (r *recording) accept(u *media.Unit, now time.Time) {
	r.known.learn(u)
	if u.Kind == media.Video && !u.Config {
		r.soundAt = now
	}
	switch {
	case u.Config, r.idle(now):
		u.Release()
	case !r.known.holds(u):
		r.refuse(u, now)
	case !r.open():
		r.await(u, now)
		switch {
		case r.decision != nil:
			if !r.decision.asked && r.askable(u, now) {
				r.ask(now)
			}
			r.keep()
		case r.settled(u, now):
			r.begin(now)
		}
	case r.known.equal(r.writing) && !r.cutNext:
		r.place(u, now)
	case r.known.startsFile(u):
		if !r.cut(now, r.known) {
			u.Release()
			return
		}
		r.place(u, now)
	case u.Kind == media.Data || sameTrack(*r.known.of(u.Kind), *r.writing.of(u.Kind)):
		r.place(u, now)
	case u.Kind == media.Video:
		u.Release() // no key frame before: nobody could decode it
	default:
		r.postpone(u, now)
	}
}

// refuse drops a unit that no track holds. If the session has nothing else for a
// while, it cannot be recorded.
func (r *recording) refuse(u *media.Unit, now time.Time) {
	if !r.odd {
		r.odd, r.oddSince = true, u.DTS
	}
	hopeless := r.known.empty() && u.DTS-r.oddSince >= settleTime
	u.Release()
	if hopeless {
		r.failSession(now)
	}
}

// idle reports whether frames are not wanted now: after a command, before the
// rule's window, after a failure, in a session that holds nothing to record.
func (r *recording) idle(now time.Time) bool {
	return r.stopped || r.barren || now.Before(r.retryAt) || now.Before(r.rule.StartTime)
}

// place puts u on the timeline, to be written with the next flush.
func (r *recording) place(u *media.Unit, now time.Time) {
	if u.Kind == media.Video && r.needKey {
		if !u.Key {
			u.Release()
			return
		}
		r.needKey = false
	}
	r.timeline.place(u, now)
	r.segment = append(r.segment, *u)
}

// begin opens the files of a recording, which may be new, and places what waited
// for them.
func (r *recording) begin(now time.Time) {
	tracks := r.known
	if !tracks.startsAmong(r.held) {
		tracks = tracks.sound() // without a key frame there is no picture to be shown
	}
	if tracks.empty() {
		r.dropWaiting()
		return
	}
	first := now.Add(-r.waited(now)) // when what waited began to come in
	row := r.row
	if row.ID == "" {
		row = live.Recording{
			ID:        live.NewRecordingID(now),
			Key:       r.key,
			Session:   r.session.info.ID,
			State:     live.RecordingActive,
			Config:    r.rule,
			PushArgs:  pushArgs(r.session.info.Args),
			SignKey:   r.signKey,
			Manual:    !r.automatic,
			StartedAt: first,
		}
		r.timeline = timeline{}
		r.log.Info("recording starts", "record_id", row.ID, "session_id", row.Session)
	}
	if err := r.openFiles(row, tracks, first, now); err != nil {
		r.fail(now, err)
		return
	}
	r.placeAll(&r.held, now)
}

// placeAll places units that waited.
func (r *recording) placeAll(list *[]media.Unit, now time.Time) {
	for i := range *list {
		u := &(*list)[i]
		r.waiting -= memory(u)
		r.place(u, now)
	}
	*list = (*list)[:0]
}

// cut ends the files, whose tracks no longer hold or whose end a command wants, and
// begins new ones of the given tracks, with the sound that waited for them. It reports
// whether they are open; otherwise the recording has failed.
func (r *recording) cut(now time.Time, tracks trackSet) bool {
	r.flush(now)
	if r.row.ID == "" {
		return false // the flush failed
	}
	r.seal(false)
	if err := r.openFiles(r.row, tracks, now, now); err != nil {
		r.fail(now, err)
		return false
	}
	r.cutNext = false
	r.log.Info("new files", "record_id", r.row.ID)
	r.placeAll(&r.deferred, now)
	return true
}

// flush writes the segment to every output and releases it.
func (r *recording) flush(now time.Time) {
	if len(r.segment) == 0 {
		return
	}
	if r.resuming {
		r.missed(r.row.PausedAt, now)
	}
	gapped := r.noteGap()
	switch {
	case r.resuming:
		r.resuming = false
		r.row.Session = r.session.info.ID
		r.row.State, r.row.PausedAt = live.RecordingActive, time.Time{}
		r.row.PushArgs = pushArgs(r.session.info.Args)
		r.tell(live.EventRecordResumed, live.EventDetail{}, now, gapped...)
	case gapped != nil:
		r.committer.enqueue(func(ctx context.Context) error { return r.recorder.commitFiles(ctx, gapped...) })
	}
	var err error
	for _, o := range r.outputs {
		if o.file == nil {
			continue
		}
		if err = o.write(r.segment, now); err != nil {
			break
		}
	}
	release(r.segment)
	r.segment = r.segment[:0]
	if err != nil {
		r.fail(now, err)
	}
}

// tell commits the recording as it is now, and files of it, with an event; the
// committer does it.
func (r *recording) tell(t live.EventType, detail live.EventDetail, now time.Time, files ...live.RecordFile) {
	row := r.row
	ev := r.event(t, detail, now)
	r.committer.enqueue(func(ctx context.Context) error {
		return r.recorder.commitState(ctx, row, ev, files...)
	})
	r.log.Info("recording state", "event", t, "record_id", row.ID)
}

func (r *recording) event(t live.EventType, detail live.EventDetail, now time.Time) live.Event {
	return live.Event{
		ID:         live.NewEventID(now),
		Type:       t,
		Key:        r.key,
		Recording:  r.row.ID,
		OccurredAt: now,
		Detail:     detail,
	}
}

// failSession gives up on a session in which nothing can be recorded.
func (r *recording) failSession(now time.Time) {
	r.barren, r.odd = true, false
	r.dropWaiting()
	r.log.Warn("no track can be recorded: H.264, HEVC or AV1 video, AAC, MP3 or Opus audio is needed",
		"session_id", r.session.info.ID)
	r.tell(live.EventRecordError, live.EventDetail{Error: &live.ErrorStreamFormat}, now)
}

// fail ends the recording: what was written is sealed as it is, the rest of the
// push begins a new recording some time later.
func (r *recording) fail(now time.Time, cause error) {
	r.log.Error("recording failed", "record_id", r.row.ID, "err", cause)
	release(r.segment)
	r.segment = r.segment[:0]
	r.dropWaiting()
	r.row.State, r.row.PausedAt = live.RecordingClosed, time.Time{}
	r.tell(live.EventRecordError, live.EventDetail{Error: errorDetail(cause)}, now)
	r.seal(true) // after the news, which need not wait for space
	r.forget()
	r.needKey = true
	r.retryAt = now.Add(restartDelay)
}

// seal ends the open files.
func (r *recording) seal(torn bool) {
	for _, o := range r.outputs {
		o.seal(torn)
	}
}

// close ends the recording. If a session is still there, the next recording of
// it is another.
func (r *recording) close() {
	r.seal(false)
	r.row.State, r.row.PausedAt = live.RecordingClosed, time.Time{}
	row := r.row
	r.committer.enqueue(func(ctx context.Context) error { return r.recorder.commitRow(ctx, row) })
	r.log.Info("recording closed", "record_id", row.ID)
	r.forget()
}

// suspend ends the files of a recording that waits for its encoder, because the
// server stops. The next run goes on waiting.
func (r *recording) suspend() {
	r.seal(false)
	r.log.Info("recording waits for the next start", "record_id", r.row.ID)
	r.forget()
}

// forget makes the next files those of another recording.
func (r *recording) forget() {
	r.row = live.Recording{}
	r.writing = trackSet{}
	r.resuming, r.cutNext, r.gap = false, false, nil
	r.outputs = newOutputs(r, r.rule)
}
