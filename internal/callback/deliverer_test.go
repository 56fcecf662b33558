package callback

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

const hook = "http://93.184.216.34/hook"

func TestACallbackIsDeliveredAtOnceAndOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{EventHeaders: true})
		var s sink
		defer b.net.serve(sinkAddress, &s)()
		wait(time.Minute) // idle
		start := time.Now()
		d := b.owe("show", hook)
		wait(time.Hour)
		got := s.all()
		if len(got) != 1 || got[0].at != start || got[0].eventID != string(d.Event.ID) || got[0].attempt != "1" {
			t.Fatalf("received %+v, want one at once", got)
		}
		if want := `{"domain":"play.example.com","app":"live","stream":"show","event":"record_started"}`; got[0].body != want {
			t.Errorf("body = %s, want %s", got[0].body, want)
		}
		if after := b.store.delivery(d.ID); after.State != live.DeliveryDelivered || after.Attempts != 1 || !after.DueAt.IsZero() {
			t.Errorf("delivery = %+v, want delivered", after)
		}
		if a := b.store.attemptsOf(d.ID); len(a) != 1 || a[0].Status != 200 || a[0].Err != "" || a[0].Number != 1 || a[0].StartedAt != start {
			t.Errorf("attempts = %+v", a)
		}
		if err := b.stop(); err != nil {
			t.Errorf("Run = %v", err)
		}
		if got, want := b.d.Stats(), (Stats{Attempts: 1, Delivered: 1}); got != want {
			t.Errorf("Stats = %+v, want %+v", got, want)
		}
	})
}

func TestAFailingReceiverGetsTheBurstThenTheTail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{EventHeaders: true, Secret: wire.Secret("a secret of this test")})
		s := sink{answer: func(received) int { return http.StatusInternalServerError }}
		defer b.net.serve(sinkAddress, &s)()
		start := time.Now()
		d := b.store.owe("show", hook, "testkeyyourkey12")
		b.d.Wake()
		wait(100 * time.Hour)
		defer b.stop()

		got := s.all()
		for i, c := range got {
			if c.eventID != string(d.Event.ID) || c.attempt != strconv.Itoa(i+1) || c.body != got[0].body {
				t.Fatalf("request %d has id %s, attempt %s, body %s", i+1, c.eventID, c.attempt, c.body)
			}
			if err := wire.VerifyLive(c.header, c.host, "testkeyyourkey12", c.at); err != nil {
				t.Errorf("request %d: vendor signature: %v", i+1, err)
			}
			if err := wire.VerifyWebhook(c.header, []byte(c.body), wire.Secret("a secret of this test"), c.at); err != nil {
				t.Errorf("request %d: webhook signature: %v", i+1, err)
			}
			if c.header.Get(wire.HeaderLiveTimestamp) != strconv.FormatInt(c.at.Unix(), 10) {
				t.Errorf("request %d is not signed afresh", i+1)
			}
			if i == 0 {
				continue
			}
			gap, least, most := c.at.Sub(got[i-1].at), time.Second, 1200*time.Millisecond
			if step := i - 6; step >= 0 {
				least = tailIntervals[min(step, len(tailIntervals)-1)]
				most = least + least/10
			}
			if last := i == len(got)-1; gap > most || gap < least && !last {
				t.Errorf("request %d came %v after the last, want %v to %v", i+1, gap, least, most)
			}
		}
		if len(got) < 16 || got[len(got)-1].at.Sub(start) != 72*time.Hour {
			t.Errorf("%d requests, the last after %v; want the last after 72 h", len(got), got[len(got)-1].at.Sub(start))
		}
		if after := b.store.delivery(d.ID); after.State != live.DeliveryDead || after.Attempts != len(got) || len(b.store.attemptsOf(d.ID)) != len(got) {
			t.Errorf("delivery = %+v, want dead with %d attempts", after, len(got))
		}
	})
}

func TestWithoutTailADeliveryIsDeadAfterSixAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{TailOff: true})
		defer b.stop()
		d := b.owe("show", hook) // nobody listens
		wait(10 * time.Second)
		after := b.store.delivery(d.ID)
		if after.State != live.DeliveryDead || after.Attempts != 6 {
			t.Errorf("delivery = %+v, want dead after 6 attempts", after)
		}
		if a := b.store.attemptsOf(d.ID); a[5].Err != "dial 93.184.216.34:80: connection refused" || a[5].Status != 0 {
			t.Errorf("last attempt = %+v", a[5])
		}
	})
}

func TestAnyStatusFrom200To299IsSuccess(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]live.DeliveryState{
		200: live.DeliveryDelivered, 201: live.DeliveryDelivered, 204: live.DeliveryDelivered, 299: live.DeliveryDelivered,
		301: live.DeliveryPending, 302: live.DeliveryPending, 307: live.DeliveryPending, 304: live.DeliveryPending,
		400: live.DeliveryPending, 404: live.DeliveryPending, 410: live.DeliveryPending, 429: live.DeliveryPending, 500: live.DeliveryPending, 503: live.DeliveryPending,
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{})
				defer b.stop()
				var paths []string
				defer b.net.serve(sinkAddress, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					paths = append(paths, r.URL.Path)
					w.Header().Set("Location", "/elsewhere")
					w.WriteHeader(status)
				}))()
				d := b.owe("show", hook)
				wait(0)
				if after := b.store.delivery(d.ID); after.State != want || after.Attempts != 1 {
					t.Errorf("delivery = %+v, want %s", after, want)
				}
				if len(paths) != 1 || paths[0] != "/hook" {
					t.Errorf("requested %v: a redirect was followed", paths)
				}
			})
		})
	}
}

// TestNothingIsLostWhileTheReceiverIsDown has three streams with an event every
// ten seconds, and a receiver that is down for the second minute of three.
func TestNothingIsLostWhileTheReceiverIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{EventHeaders: true})
		defer b.stop()
		var s sink
		shut := b.net.serve(sinkAddress, &s)
		events := make(map[string][]live.DeliveryID) // by stream, in order
		for i := range 18 {
			switch i {
			case 6:
				shut()
			case 12:
				shut = b.net.serve(sinkAddress, &s)
			}
			for _, stream := range []string{"a", "b", "c"} {
				events[stream] = append(events[stream], b.owe(stream, hook).ID)
			}
			wait(10 * time.Second)
		}
		defer func() { shut() }()
		wait(5 * time.Minute)

		if n := b.store.pending(); n != 0 {
			t.Fatalf("%d deliveries are still owed", n)
		}
		ids := make(map[string]int)
		for _, c := range s.all() {
			ids[c.eventID]++
		}
		if len(ids) != 54 {
			t.Errorf("%d events arrived, want 54", len(ids))
		}
		for stream, deliveries := range events {
			checkBurstOrder(t, b.store, stream, deliveries)
		}
	})
}

// checkBurstOrder fails unless no attempt of a delivery started before the one
// ahead of it was delivered or through its burst.
func checkBurstOrder(t *testing.T, s *memStore, stream string, deliveries []live.DeliveryID) {
	t.Helper()
	for i := 1; i < len(deliveries); i++ {
		ahead, behind := s.attemptsOf(deliveries[i-1]), s.attemptsOf(deliveries[i])
		free := ahead[min(len(ahead), 6)-1]
		if end := free.StartedAt.Add(free.Elapsed); behind[0].StartedAt.Before(end) {
			t.Errorf("stream %s: event %d was tried at %v, while event %d was in its burst until %v", stream, i+1, behind[0].StartedAt, i, end)
		}
	}
}

func TestEventsOfAStreamKeepTheirOrderThroughABurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		defer b.stop()
		failures := 0
		s := sink{answer: func(received) int {
			if failures++; failures <= 4 { // the first event's
				return http.StatusBadGateway
			}
			return http.StatusOK
		}}
		defer b.net.serve(sinkAddress, &s)()
		var want []live.DeliveryID
		for range 20 {
			want = append(want, b.owe("show", hook).ID)
		}
		other := b.owe("other", hook)
		wait(time.Minute)
		var got []live.DeliveryID
		for _, a := range b.store.allAttempts() {
			if a.Status == 200 && a.Delivery != other.ID {
				got = append(got, a.Delivery)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("delivered in the order %v\nwant %v", got, want)
		}
	})
}

func TestAnEventThatEntersItsTailFreesItsLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{EventHeaders: true})
		defer b.stop()
		first := b.owe("show", hook)
		s := sink{answer: func(r received) int {
			if r.eventID == string(first.Event.ID) {
				return http.StatusInternalServerError
			}
			return http.StatusOK
		}}
		defer b.net.serve(sinkAddress, &s)()
		second := b.owe("show", hook)
		wait(7 * time.Second)
		if after := b.store.delivery(first.ID); after.Attempts != 6 {
			t.Errorf("first delivery = %+v, want 6 attempts", after)
		}
		if after := b.store.delivery(second.ID); after.State != live.DeliveryDelivered {
			t.Errorf("second delivery = %+v, want delivered right after the burst of the first", after)
		}
	})
}

func TestTheStoreIsNotAskedInVainWhileAReceiverHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		defer b.stop()
		defer b.net.serve(sinkAddress, http.HandlerFunc(hang))()
		for i := range 200 {
			b.store.owe(fmt.Sprint("s", i), hook, "")
		}
		b.d.Wake()
		wait(time.Second)
		before := b.store.timesAsked()
		wait(3 * time.Second) // within the first attempts
		if n := b.store.timesAsked() - before; n != 0 {
			t.Errorf("the store was asked %d times in three seconds without news", n)
		}
	})
}

// hang takes a callback and never answers.
func hang(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // or the server does not see the client leave
	<-r.Context().Done()
}

func TestAReceiverThatHangsTimesOutAfterFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		defer b.stop()
		defer b.net.serve(sinkAddress, http.HandlerFunc(hang))()
		d := b.owe("show", hook)
		wait(2 * time.Minute)
		attempts := b.store.attemptsOf(d.ID)
		for i, a := range attempts {
			want := 5 * time.Second
			if i >= 6 {
				want = 15 * time.Second
			}
			if a.Status != 0 || a.Err != fmt.Sprintf("no answer within %v", want) || a.Elapsed != want {
				t.Errorf("attempt %d = %+v, want a timeout after %v", i+1, a, want)
			}
		}
		if len(attempts) != 7 {
			t.Errorf("%d attempts, want 7", len(attempts))
		}
	})
}

// TestHangingReceiversDelayNobodyElse has thirty servers that hang, each with
// more deliveries due than all workers could take.
func TestHangingReceiversDelayNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		defer b.stop()
		const servers, each = 30, 80
		for i := range servers {
			port := strconv.Itoa(8000 + i)
			defer b.net.serve("93.184.216.34:"+port, http.HandlerFunc(hang))()
			for j := range each { // many URLs of one server
				b.store.owe(fmt.Sprint("s", j), fmt.Sprintf("http://93.184.216.34:%s/%d", port, j), "")
			}
		}
		b.d.Wake()
		var s sink
		defer b.net.serve(sinkAddress, &s)()
		wait(time.Second)
		for i := range 60 {
			before := time.Now()
			b.owe("show", hook)
			wait(0)
			got := s.all()
			if len(got) != i+1 || got[i].at.Sub(before) > minPoll {
				t.Fatalf("after %v: %d of %d callbacks arrived", time.Since(before), len(got), i+1)
			}
			wait(time.Second)
		}
		if st := b.d.Stats(); st.Running > servers*DefaultPerOrigin {
			t.Errorf("%d attempts run, want %d a server at most", st.Running, DefaultPerOrigin)
		}
	})
}

func TestABacklogOfOneReceiverIsWorkedOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		defer b.stop()
		running, most := 0, 0
		var s sink
		defer b.net.serve(sinkAddress, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			running++
			most = max(most, running)
			s.mu.Unlock()
			time.Sleep(10 * time.Millisecond)
			s.mu.Lock()
			running--
			s.mu.Unlock()
			s.ServeHTTP(w, r)
		}))()
		for i := range 500 {
			b.store.owe(fmt.Sprint("s", i), hook, "")
		}
		b.d.Wake()
		wait(2 * time.Second)
		if n := b.store.pending(); n != 0 || len(s.all()) != 500 {
			t.Errorf("%d of 500 are left, %d requests", n, len(s.all()))
		}
		if most != DefaultPerOrigin {
			t.Errorf("at most %d attempts ran at a time, want %d", most, DefaultPerOrigin)
		}
		// The next attempt may begin before the transport has a connection back.
		if n := b.net.dialled(); n > 2*DefaultPerOrigin {
			t.Errorf("%d connections were opened for 500 callbacks, want %d or so", n, DefaultPerOrigin)
		}
	})
}

func TestARestartInABurstContinuesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{EventHeaders: true})
		s := sink{answer: func(received) int { return http.StatusInternalServerError }}
		defer b.net.serve(sinkAddress, &s)()
		d := b.owe("show", hook)
		wait(2500 * time.Millisecond) // three attempts
		if err := b.stop(); err != nil {
			t.Fatal(err)
		}
		wait(time.Minute)
		b = run(t, b.store, b.net, Config{EventHeaders: true})
		defer b.stop()
		wait(4 * time.Second)
		var attempts []string
		for _, c := range s.all() {
			attempts = append(attempts, c.attempt)
			if c.eventID != string(d.Event.ID) {
				t.Errorf("attempt %s has the event id %s, want %s", c.attempt, c.eventID, d.Event.ID)
			}
		}
		if got := strings.Join(attempts, " "); got != "1 2 3 4 5 6" {
			t.Errorf("attempts = %s, want 1 to 6", got)
		}
	})
}

func TestAKillBetweenAnswerAndRecordRepeatsTheAttemptUnderTheSameID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{EventHeaders: true})
		var s sink
		defer b.net.serve(sinkAddress, &s)()
		b.store.setFault(func(tx *memTx) (error, bool) {
			if tx.finished != nil {
				return errKilled, false
			}
			return nil, false
		})
		d := b.owe("show", hook)
		wait(time.Second)
		b.stop()
		b.store.setFault(nil)
		b = run(t, b.store, b.net, Config{EventHeaders: true})
		defer b.stop()
		wait(time.Second) // long before the lease of the first claim ends
		got := s.all()
		if len(got) != 2 || got[0].eventID != got[1].eventID || got[0].attempt != "1" || got[1].attempt != "1" || got[0].body != got[1].body {
			t.Errorf("received %+v, want the same twice", got)
		}
		if after := b.store.delivery(d.ID); after.State != live.DeliveryDelivered || after.Attempts != 1 {
			t.Errorf("delivery = %+v, want delivered", after)
		}
	})
}

var errTwice = errors.New("fails twice")

func TestAStoreThatFailsLosesNothing(t *testing.T) {
	t.Parallel()
	claims := func(tx *memTx) bool { return tx.claimed > 0 }
	finishes := func(tx *memTx) bool { return tx.finished != nil }
	for _, tt := range []struct {
		name     string
		at       func(*memTx) bool
		err      error
		written  bool
		within   time.Duration
		requests int
	}{
		{"claim fails, not written", claims, store.ErrUnavailable, false, 10 * time.Second, 1},
		{"claim fails, uncertain and not written", claims, store.ErrUncertain, false, 10 * time.Second, 1},
		{"claim fails, yet written", claims, store.ErrUncertain, true, live.DeliveryLease + 10*time.Second, 1},
		{"claim fails for another reason", claims, errKilled, false, 10 * time.Second, 1},
		{"finish fails, not written", finishes, store.ErrUnavailable, false, 10 * time.Second, 1},
		{"finish fails, uncertain and not written", finishes, store.ErrUncertain, false, 10 * time.Second, 1},
		{"finish fails, yet written", finishes, store.ErrUncertain, true, 10 * time.Second, 1},
		{"finish fails for another reason, among others", finishes, errKilled, false, 10 * time.Second, 1},
		{"finish fails for another reason, alone too", finishes, errTwice, false, live.DeliveryLease + 10*time.Second, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{EventHeaders: true})
				defer b.stop()
				var s sink
				defer b.net.serve(sinkAddress, &s)()
				wait(time.Second)
				failures := 3
				switch tt.err {
				case errKilled:
					failures = 1
				case errTwice:
					failures = 2
				}
				b.store.setFault(func(tx *memTx) (error, bool) {
					if tt.at(tx) && failures > 0 {
						failures--
						return tt.err, tt.written
					}
					return nil, false
				})
				d := b.owe("show", hook)
				wait(3 * tt.within)
				if failures > 0 {
					t.Fatalf("%d faults are left", failures)
				}
				if after := b.store.delivery(d.ID); after.State != live.DeliveryDelivered {
					t.Errorf("delivery = %+v, want delivered", after)
				}
				ids := make(map[string]bool)
				got := s.all()
				for _, c := range got {
					ids[c.eventID] = true
				}
				if len(got) != tt.requests || len(ids) != 1 {
					t.Errorf("%d requests with %d ids, want %d with one", len(got), len(ids), tt.requests)
				}
				if b.d.Stats().StoreErrors == 0 {
					t.Error("no store error was counted")
				}
			})
		})
	}
}

// TestAnUncertainRecordOfAFailureIsNotDoubled has a record that fails yet is
// written, so that the delivery is due again while its worker still records.
func TestAnUncertainRecordOfAFailureIsNotDoubled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{EventHeaders: true, TailOff: true})
		defer b.stop()
		s := sink{answer: func(received) int { return http.StatusInternalServerError }}
		defer b.net.serve(sinkAddress, &s)()
		failures := 6 // backing off for longer than a second
		b.store.setFault(func(tx *memTx) (error, bool) {
			if tx.finished != nil && failures > 0 {
				failures--
				return store.ErrUncertain, true
			}
			return nil, false
		})
		b.owe("show", hook)
		wait(5 * time.Minute)
		var attempts []string
		for _, c := range s.all() {
			attempts = append(attempts, c.attempt)
		}
		if got := strings.Join(attempts, " "); got != "1 2 3 4 5 6" {
			t.Errorf("attempts = %s, want 1 to 6", got)
		}
	})
}

func TestRunEndsWithAnErrorWhenTheStoreIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newMemStore()
		s.fault = func(*memTx) (error, bool) { return store.ErrClosed, false }
		b := run(t, s, &pipeNet{}, Config{})
		synctest.Wait()
		if err := b.stop(); !errors.Is(err, store.ErrClosed) {
			t.Errorf("Run = %v, want that the store is closed", err)
		}
	})
}

func TestShutdownWaitsForRunningAttemptsAndRecordsThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{PerOrigin: 1})
		var s sink
		defer b.net.serve(sinkAddress, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(3 * time.Second)
			s.ServeHTTP(w, r)
		}))()
		running := b.owe("a", hook)
		wait(time.Second)
		waiting := b.owe("b", hook)
		wait(time.Second)
		start := time.Now()
		if err := b.stop(); err != nil || time.Since(start) != time.Second {
			t.Errorf("Run = %v after %v, want nil once the attempt ended", err, time.Since(start))
		}
		if after := b.store.delivery(running.ID); after.State != live.DeliveryDelivered {
			t.Errorf("running delivery = %+v, want delivered", after)
		}
		if after := b.store.delivery(waiting.ID); after.State != live.DeliveryPending || after.Attempts != 0 {
			t.Errorf("waiting delivery = %+v, want untouched", after)
		}
	})
}

func TestShutdownGivesUpAfterThirtySeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		defer b.net.serve(sinkAddress, &sink{})()
		b.store.setFault(func(tx *memTx) (error, bool) {
			if tx.finished != nil {
				return store.ErrUnavailable, false
			}
			return nil, false
		})
		b.owe("show", hook)
		wait(time.Second)
		start := time.Now()
		if err := b.stop(); err != nil || time.Since(start) != shutdownGrace {
			t.Errorf("Run = %v after %v, want nil after %v", err, time.Since(start), shutdownGrace)
		}
	})
}

func TestAnAttemptThatPanicsHarmsNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		defer b.stop()
		defer b.net.serve(sinkAddress, &sink{})()
		panics := 1
		b.store.setFault(func(tx *memTx) (error, bool) {
			if tx.finished != nil && panics > 0 {
				panics--
				panic("a bug")
			}
			return nil, false
		})
		d := b.owe("show", hook)
		wait(2 * live.DeliveryLease)
		if after := b.store.delivery(d.ID); after.State != live.DeliveryDelivered {
			t.Errorf("delivery = %+v, want delivered once its lease ran out", after)
		}
	})
}

func TestARefusedAddressIsAFailedAttempt(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"http://private.example/?token=secret": "private.example resolves to 10.1.2.3 (private)",
		"http://169.254.169.254/":              "stays closed in every mode",
		"http://unknown.example/":              "no such host",
		"http://127.1/":                        "ends in a number",
		"http://user:password@public.example/": "it has a user name or password",
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{TailOff: true})
				defer b.stop()
				d := b.owe("show", url)
				wait(time.Minute)
				attempts := b.store.attemptsOf(d.ID)
				if len(attempts) != 6 || !strings.Contains(attempts[0].Err, want) || strings.Contains(attempts[0].Err, "secret") {
					t.Errorf("attempts = %+v, want six that say %q", attempts, want)
				}
				if b.net.dialled() != 0 {
					t.Errorf("%d connections were opened", b.net.dialled())
				}
			})
		})
	}
}

func TestAnEventThatCannotBeRenderedIsAFailedAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{TailOff: true})
		defer b.stop()
		d := b.store.owe("show", hook, "")
		b.store.mu.Lock()
		r := b.store.rows[d.ID]
		r.Event.Type = live.EventFileCreated
		b.store.rows[d.ID] = r
		b.store.mu.Unlock()
		b.d.Wake()
		wait(time.Minute)
		if after := b.store.delivery(d.ID); after.State != live.DeliveryDead || after.Attempts != 6 {
			t.Errorf("delivery = %+v, want dead", after)
		}
	})
}
