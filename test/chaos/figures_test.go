package chaos

import "time"

// figures are what a run tells of itself.
type figures struct {
	kills, stops   int // of the server
	outages        int // of disk or bucket
	sent, found    int // frames; of each format that was to hold them
	lost           int
	oldestLost     time.Duration // how long before the end of its push or server
	lag            time.Duration // of the machine, at most
	excused        int           // lost in an outage
	files, decoded int
	objects        int // in the bucket: files, and what they name
	bytes          int64
}

func (f *figures) log(w *world) {
	w.t.Helper()
	w.receiver.mu.Lock()
	events, arrivals, refused, acknowledged := len(w.receiver.notices), w.receiver.arrivals, w.receiver.refused, 0
	for _, n := range w.receiver.notices {
		acknowledged += n.acknowledged
	}
	w.receiver.mu.Unlock()
	w.t.Logf("seed %d: %d starts, %d kills, %d orderly ends, %d outages; %d pushes of %d streams",
		*seed, w.server.run()+1, f.kills, f.stops, f.outages, len(w.ledger.pushes), len(w.ledger.counts))
	w.t.Logf("frames: %d sent, over all formats; %d found, %d lost, the oldest %v before the server or the connection ended; %d more in outages; the machine was late by up to %v",
		f.sent, f.found, f.lost, f.oldestLost.Round(time.Millisecond), f.excused, f.lag.Round(time.Millisecond))
	w.t.Logf("files: %d, in %d objects of %d MB; %d decoded by ffmpeg", f.files, f.objects, f.bytes>>20, f.decoded)
	w.t.Logf("events: %d, each taken at least once; %d requests, %d of them failed on purpose, %d repeats of what had been taken",
		events, arrivals, refused, acknowledged-events)
}
