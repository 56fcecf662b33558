package live

import (
	"testing"
	"time"
)

func TestGapsAreBoundedAndCounted(t *testing.T) {
	t.Parallel()
	var g Gaps
	begin := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
	for i := range MaxGaps + 3 {
		from := begin.Add(time.Duration(i) * time.Minute)
		g.Add(Gap{From: from, To: from.Add(time.Second), At: time.Duration(i) * time.Second})
	}
	if len(g.List) != MaxGaps || g.More != 3 {
		t.Fatalf("%d gaps and %d more, want %d and 3", len(g.List), g.More, MaxGaps)
	}
	if last := g.List[MaxGaps-1]; last.At != (MaxGaps-1)*time.Second {
		t.Errorf("the last gap kept is at %v, want the first %d kept", last.At, MaxGaps)
	}
}

func TestGapHasTheTimesThatTheStoreKeeps(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 20, 0, 0, 1999, time.FixedZone("", 8*3600))
	for _, tt := range []struct {
		name     string
		from, to time.Time
		want     [2]string
	}{
		{"a second", at, at.Add(time.Second), [2]string{"2026-11-23T12:00:00.000001Z", "2026-11-23T12:00:01.000001Z"}},
		{"a clock that was set back", at, at.Add(-time.Hour), [2]string{"2026-11-23T11:00:00.000001Z", "2026-11-23T11:00:00.000001Z"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var g Gaps
			g.Add(Gap{From: tt.from, To: tt.to})
			got := [2]string{g.List[0].From.Format(time.RFC3339Nano), g.List[0].To.Format(time.RFC3339Nano)}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
