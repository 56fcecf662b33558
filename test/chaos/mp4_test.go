package chaos

import (
	"errors"
	"os"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"tallylight/internal/media"
)

// walkMP4 reads a plain MP4 with a library that is not the recorder's.
func walkMP4(path string, r *contentReader) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := mp4.DecodeFile(f, mp4.WithDecodeMode(mp4.DecModeLazyMdat))
	if err != nil {
		return nil, err
	}
	if file.Moov == nil || file.IsFragmented() {
		return nil, errors.New("not a plain mp4 file")
	}
	for _, trak := range file.Moov.Traks {
		u := media.Unit{Kind: media.Audio, Codec: media.AAC}
		if trak.Mdia.Minf.Stbl.Stsd.AvcX != nil {
			u = media.Unit{Kind: media.Video, Codec: media.H264}
		}
		if err := walkTrack(f, trak, u, r); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// walkTrack adds the samples of a track, which are like the unit given.
func walkTrack(f *os.File, trak *mp4.TrakBox, like media.Unit, r *contentReader) error {
	stbl := trak.Mdia.Minf.Stbl
	ticks := func(n int64) time.Duration {
		return (time.Duration(n) * time.Second / time.Duration(trak.Mdia.Mdhd.Timescale)).Round(time.Millisecond)
	}
	n := stbl.Stsz.GetNrSamples()
	if n == 0 {
		return errors.New("a track without samples")
	}
	ranges, err := trak.GetRangesForSampleInterval(1, n)
	if err != nil {
		return err
	}
	next, dts := uint32(1), int64(0)
	durations := durationsOf(stbl.Stts)
	for _, place := range ranges {
		chunk := make([]byte, place.Size)
		if _, err := f.ReadAt(chunk, int64(place.Offset)); err != nil {
			return err
		}
		for len(chunk) > 0 {
			u := like
			size := stbl.Stsz.GetSampleSize(int(next))
			u.Body, chunk = chunk[:size], chunk[size:]
			u.DTS = ticks(dts)
			if stbl.Ctts != nil {
				u.Composition = ticks(int64(stbl.Ctts.GetCompositionTimeOffset(next)))
			}
			u.Key = stbl.Stss == nil || stbl.Stss.IsSyncSample(next)
			if err := r.add(u); err != nil {
				return err
			}
			dts += durations()
			next++
		}
	}
	return nil
}

// durationsOf returns what returns the durations of the samples one by one.
func durationsOf(stts *mp4.SttsBox) func() int64 {
	entry, used := 0, uint32(0)
	return func() int64 {
		for entry < len(stts.SampleCount) && used == stts.SampleCount[entry] {
			entry, used = entry+1, 0
		}
		if entry == len(stts.SampleCount) {
			return 0 // the sample that the table lacks is found by its size
		}
		used++
		return int64(stts.SampleTimeDelta[entry])
	}
}
