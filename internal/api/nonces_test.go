package api

import (
	"errors"
	"testing"
	"time"

	"tallylight/internal/api/apierr"
)

func TestOneKeyCannotTakeTheRoomOfAllNonces(t *testing.T) {
	t.Parallel()
	const limit = 8
	s := newNonceSet(limit)
	digest := uint64(0)
	use := func(key string, now time.Time) error {
		digest++
		return s.use(key, digest, generationOf(now.Add(clockWindow)), now)
	}
	for range limit - limit/4 {
		if err := use("greedy", testTime); err != nil {
			t.Fatal(err)
		}
	}
	if err := use("greedy", testTime); !errors.Is(err, apierr.Throttling) {
		t.Errorf("one more of the same key: %v", err)
	}
	for range limit / 4 {
		if err := use("other", testTime); err != nil {
			t.Errorf("another key: %v", err)
		}
	}
	if err := use("third", testTime); !errors.Is(err, apierr.Throttling) {
		t.Errorf("a full set: %v", err)
	}
	later := testTime.Add(clockWindow + generationSpan)
	for range limit - limit/4 {
		if err := use("greedy", later); err != nil {
			t.Errorf("when they have expired: %v", err)
		}
	}
	if s.count != limit-limit/4 || len(s.held) != 1 {
		t.Errorf("the set counts %d nonces of the keys %v", s.count, s.held)
	}
}
