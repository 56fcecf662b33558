package record

import (
	"testing"
	"time"

	"tallylight/internal/media"
)

func TestTimeline(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	type in struct {
		session bool // a session starts before the unit
		kind    media.Kind
		dts     time.Duration
		shift   time.Duration // composition
		wait    time.Duration // wall clock since the unit before
		want    time.Duration
		wantPTS time.Duration // 0: equal to want
	}
	tests := []struct {
		name  string
		units []in
	}{
		{"a sane clock is kept as it is", []in{
			{kind: media.Video, dts: 5000 * ms, want: 5000 * ms},
			{kind: media.Audio, dts: 4990 * ms, want: 4990 * ms},
			{kind: media.Video, dts: 5040 * ms, want: 5040 * ms},
			{kind: media.Audio, dts: 5013 * ms, want: 5013 * ms},
		}},
		{"a session continues where the last one ended", []in{
			{kind: media.Video, dts: 0, want: 0},
			{kind: media.Video, dts: 40 * ms, want: 40 * ms},
			{session: true, kind: media.Video, dts: 9000 * ms, wait: time.Minute, want: 80 * ms},
			{kind: media.Video, dts: 9040 * ms, want: 120 * ms},
		}},
		{"a session is shown from the end of the last one on", []in{
			{kind: media.Video, dts: 0, shift: 80 * ms, want: 0, wantPTS: 80 * ms},
			{kind: media.Video, dts: 40 * ms, shift: 80 * ms, want: 40 * ms, wantPTS: 120 * ms},
			{session: true, kind: media.Video, dts: 0, shift: 80 * ms, wait: time.Minute, want: 80 * ms, wantPTS: 160 * ms},
		}},
		{"a session is not shown before pictures of the last one", []in{
			{kind: media.Video, dts: 0, shift: 80 * ms, want: 0, wantPTS: 80 * ms},
			{kind: media.Video, dts: 40 * ms, shift: 200 * ms, want: 40 * ms, wantPTS: 240 * ms},
			{session: true, kind: media.Video, dts: 0, shift: 80 * ms, wait: time.Minute, want: 200 * ms, wantPTS: 280 * ms},
			{kind: media.Audio, dts: 0, want: 200 * ms},
		}},
		{"a jump back is caught", []in{
			{kind: media.Video, dts: 60000 * ms, want: 60000 * ms},
			{kind: media.Audio, dts: 60000 * ms, want: 60000 * ms},
			{kind: media.Video, dts: 60040 * ms, want: 60040 * ms},
			{kind: media.Video, dts: 0, want: 60080 * ms},
			{kind: media.Audio, dts: 0, want: 60080 * ms},
			{kind: media.Video, dts: 40 * ms, want: 60120 * ms},
		}},
		{"a jump forward without time passing is caught", []in{
			{kind: media.Video, dts: 0, want: 0},
			{kind: media.Video, dts: 40 * ms, want: 40 * ms},
			{kind: media.Video, dts: time.Hour, wait: 40 * ms, want: 80 * ms},
		}},
		{"a first frame at 0 before the clock proper does not count", []in{
			{kind: media.Audio, dts: 0, want: 0},
			{kind: media.Video, dts: 10 * time.Hour, want: 40 * ms},
			{kind: media.Audio, dts: 10*time.Hour + 20*ms, want: 60 * ms},
			{kind: media.Video, dts: 10*time.Hour + 40*ms, want: 80 * ms},
		}},
		{"two clocks that have nothing in common go on side by side", []in{
			{kind: media.Video, dts: 0, want: 0},
			{kind: media.Audio, dts: time.Hour, want: 40 * ms},
			{kind: media.Video, dts: 40 * ms, want: 40 * ms},
			{kind: media.Audio, dts: time.Hour + 20*ms, want: 60 * ms},
			{session: true, kind: media.Video, dts: 0, wait: time.Second, want: 80 * ms},
			{kind: media.Audio, dts: time.Hour, want: 120 * ms},
			{kind: media.Video, dts: 40 * ms, want: 120 * ms},
			{kind: media.Audio, dts: time.Hour + 20*ms, want: 140 * ms},
		}},
		{"a clock of one track that begins anew leaves the other alone", []in{
			{kind: media.Video, dts: time.Hour, want: time.Hour},
			{kind: media.Audio, dts: time.Hour, want: time.Hour},
			{kind: media.Video, dts: time.Hour + 40*ms, want: time.Hour + 40*ms},
			{kind: media.Audio, dts: 0, want: time.Hour + 80*ms},
			{kind: media.Video, dts: time.Hour + 80*ms, want: time.Hour + 80*ms},
			{kind: media.Audio, dts: 20 * ms, want: time.Hour + 100*ms},
			{kind: media.Video, dts: time.Hour + 120*ms, want: time.Hour + 120*ms},
		}},
		{"many small steps back are a jump", []in{
			{kind: media.Video, dts: 3000 * ms, want: 3000 * ms},
			{kind: media.Video, dts: 2200 * ms, want: 3000 * ms, wantPTS: 2200 * ms},
			{kind: media.Video, dts: 1400 * ms, want: 3040 * ms},
		}},
		{"a pause of the encoder stays a pause", []in{
			{kind: media.Video, dts: 0, want: 0},
			{kind: media.Video, dts: time.Hour, wait: time.Hour, want: time.Hour},
		}},
		{"a small step back keeps the presentation time", []in{
			{kind: media.Video, dts: 100 * ms, want: 100 * ms},
			{kind: media.Video, dts: 60 * ms, want: 100 * ms, wantPTS: 60 * ms},
		}},
		{"data that begins a session waits for its clock", []in{
			{kind: media.Video, dts: 0, want: 0},
			{kind: media.Video, dts: 40 * ms, want: 40 * ms},
			{session: true, kind: media.Data, dts: 0, want: 80 * ms},
			{kind: media.Video, dts: 9000 * ms, wait: time.Minute, want: 80 * ms},
			{kind: media.Data, dts: 9010 * ms, want: 90 * ms},
		}},
		{"data follows the clock and does not move it", []in{
			{kind: media.Video, dts: 0, want: 0},
			{kind: media.Data, dts: time.Hour, want: time.Hour},
			{kind: media.Video, dts: 40 * ms, want: 40 * ms},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var tl timeline
			now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			for i, in := range tt.units {
				now = now.Add(in.wait)
				if in.session {
					tl.startSession()
				}
				u := media.Unit{Kind: in.kind, DTS: in.dts, Composition: in.shift}
				tl.place(&u, now)
				wantPTS := in.wantPTS
				if wantPTS == 0 {
					wantPTS = in.want
				}
				if u.DTS != in.want || u.PTS() != wantPTS {
					t.Errorf("unit %d: DTS %v, PTS %v; want %v, %v", i, u.DTS, u.PTS(), in.want, wantPTS)
				}
			}
		})
	}
}
