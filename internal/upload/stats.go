package upload

import "time"

// Stats count what Uploads have done, and say what waits.
type Stats struct {
	SpoolBytes int64 // of all files in the spool
	Quota      int64 // bytes; 0: none
	KeptCopies int   // of files that were uploaded
	KeptBytes  int64
	PartsSent  int64
	Failures   int64 // of transfers
	// The file system of the spool: what is free and all of it, in bytes, 0 where it
	// does not tell, and whether so little is free that recordings are in danger.
	DiskFree, DiskSize int64
	DiskLow            bool
	// Buckets holds what waits for each bucket that was used.
	Buckets map[string]BucketStats
}

// BucketStats say what waits for a bucket: files that have parts to be sent, or
// are finished and not stored.
type BucketStats struct {
	Away   bool // its transfers fail
	Files  int
	Bytes  int64         // that can be sent
	Oldest time.Duration // how long the file that has waited longest does so
}

// Stats returns the counters and what waits now.
func (u *Uploads) Stats() Stats {
	stats := u.spool.stats()
	u.mu.Lock()
	defer u.mu.Unlock()
	stats.PartsSent, stats.Failures = u.sent, u.failed
	stats.Buckets = make(map[string]BucketStats, len(u.lanes))
	for name, l := range u.lanes {
		stats.Buckets[name] = BucketStats{Away: l.away()}
	}
	for _, f := range u.files {
		if f.since.IsZero() {
			continue
		}
		b := stats.Buckets[f.lane.name]
		b.Files++
		b.Bytes += f.waitingBytes()
		b.Oldest = max(b.Oldest, u.cfg.Now().Sub(f.since))
		stats.Buckets[f.lane.name] = b
	}
	return stats
}

// waitingBytes returns how much of the file can be sent. The caller holds
// Uploads.mu.
func (f *file) waitingBytes() int64 {
	ready := f.size
	if !f.wanted { // neither its head nor what is no whole part
		ready = max(ready/f.partSize-1, 0) * f.partSize
	}
	for _, p := range f.parts {
		ready -= p.Size
	}
	return max(ready, 0)
}

func (s *spool) stats() Stats {
	d := s.look()
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := Stats{SpoolBytes: s.used, Quota: s.quota, KeptBytes: s.kept,
		DiskFree: int64(d.free), DiskSize: int64(d.total), DiskLow: d.low}
	for _, f := range s.files {
		if !f.uploaded.IsZero() {
			stats.KeptCopies++
		}
	}
	return stats
}
