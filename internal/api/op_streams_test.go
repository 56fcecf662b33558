package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

const testAuthKey = "0123456789abcdef"

// aliauth returns the function aliauth with arguments set on top of good ones,
// or left out where they are "NAME" alone.
func aliauth(change ...string) string {
	args := []functionArg{
		{argAuthType, "type_a"}, {argAuthKey1, testAuthKey}, {argAuthKey2, "fedcba9876543210"}, {argValidity, "45"}, {argPlaylist, "on"},
	}
	for _, c := range change {
		name, value, set := strings.Cut(c, "=")
		args = slices.DeleteFunc(args, func(a functionArg) bool { return a.Name == name })
		if set {
			args = append(args, functionArg{name, value})
		}
	}
	b, err := json.Marshal([]domainFunction{{Name: functionAliauth, Args: args}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// addPastSessions adds one push that has ended and one that runs.
func (f *fixture) addPastSessions() {
	f.t.Helper()
	ctx := f.t.Context()
	err := f.store.Update(ctx, func(tx store.Tx) error {
		s := live.Session{
			ID: "ses_1", Key: live.StreamKey{Domain: playDomain, App: "live", Stream: "show"}, IngestDomain: pushDomain, Protocol: "rtmp",
			RemoteAddr: netip.MustParseAddrPort("192.0.2.7:50123"), LocalAddr: netip.MustParseAddrPort("198.51.100.1:1935"), StartedAt: testTime.Add(-time.Hour),
		}
		other := s
		other.ID, other.Key.Stream, other.IngestDomain, other.StartedAt = "ses_2", "talk", playDomain, testTime.Add(-time.Minute)
		return errors.Join(tx.AddSession(ctx, s), tx.EndSession(ctx, s.ID, testTime.Add(-30*time.Minute)), tx.AddSession(ctx, other))
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// manyBlocks forbids as many streams as may be.
func manyBlocks(f *fixture) {
	for i := range live.MaxBlocks {
		key := live.StreamKey{Domain: playDomain, App: "live", Stream: fmt.Sprint(i)}
		f.memory.state.blocks[key] = live.Block{Key: key, Until: testTime.Add(time.Hour)}
	}
}

func streamErrorCases() []errorCase {
	functions := func(json string) []string { return []string{"Functions=" + json} }
	const set = "BatchSetLiveDomainConfigs"
	cases := []errorCase{
		{set, "unknown domain", []string{"DomainNames=" + pushDomain + ",nowhere.example.com"}, apierr.InvalidDomainNotFound, nil},
		{set, "domain of others", []string{"DomainNames=" + foreignDomain}, apierr.InvalidDomainNotFound, nil},
		{set, "empty name among the domains", []string{"DomainNames=" + pushDomain + ","}, apierr.Invalid("DomainNames"), nil},
		{set, "51 domains", []string{"DomainNames=" + strings.Repeat(pushDomain+",", 50) + pushDomain}, apierr.Invalid("DomainNames"), nil},
		{set, "functions that are no JSON", functions("aliauth"), apierr.InvalidFunctionsMalformed, nil},
		{set, "functions that are no list", functions(`{"functionName":"aliauth"}`), apierr.InvalidFunctionsMalformed, nil},
		{set, "no function", functions(`[]`), apierr.InvalidFunctionsMalformed, nil},
		{set, "something behind the functions", functions(aliauth() + "[]"), apierr.InvalidFunctionsMalformed, nil},
		{set, "one function twice", functions(`[{"functionName":"aliauth"},{"functionName":"aliauth"}]`), apierr.InvalidFunctionsMalformed, nil},
		{set, "another function", functions(`[{"functionName":"ip_black_list_set","functionArgs":[{"argName":"ip_list","argValue":"192.0.2.1"}]}]`), apierr.FunctionNotSupported("ip_black_list_set"), nil},
		{set, "function without arguments", functions(`[{"functionName":"aliauth"}]`), apierr.InvalidFunctionArgsMalformed, nil},
		{set, "argument without a name", functions(`[{"functionName":"aliauth","functionArgs":[{"argValue":"on"}]}]`), apierr.InvalidFunctionArgsMalformed, nil},
		{set, "one argument twice", functions(`[{"functionName":"aliauth","functionArgs":[{"argName":"auth_m3u8","argValue":"on"},{"argName":"auth_m3u8","argValue":"on"}]}]`), apierr.InvalidFunctionArgsMalformed, nil},
		{set, "value that is no text", functions(`[{"functionName":"aliauth","functionArgs":[{"argName":"ali_auth_delta","argValue":30}]}]`), apierr.InvalidArgValueMalformed, nil},
		{set, "unknown argument", functions(aliauth("ttl=30")), apierr.ArgNameNotSupported("ttl"), nil},
		{set, "no auth_type", functions(aliauth(argAuthType)), apierr.MissingArg(argAuthType), nil},
		{set, "no first key", functions(aliauth(argAuthKey1)), apierr.MissingArg(argAuthKey1), nil},
		{set, "unknown auth_type", functions(aliauth("auth_type=type_b")), apierr.ArgMalformed(argAuthType), nil},
		{set, "first key of 7 characters", functions(aliauth("auth_key1=abcdef1")), apierr.ArgMalformed(argAuthKey1), nil},
		{set, "second key with a hyphen", functions(aliauth("auth_key2=abcdef-123")), apierr.ArgMalformed(argAuthKey2), nil},
		{set, "validity that is no number", functions(aliauth("ali_auth_delta=1h")), apierr.ArgMalformed(argValidity), nil},
		{set, "validity of no time", functions(aliauth("ali_auth_delta=0")), apierr.ArgMalformed(argValidity), nil},
		{set, "validity of more than a year", functions(aliauth("ali_auth_delta=525601")), apierr.ArgMalformed(argValidity), nil},
		{set, "auth_m3u8 of another value", functions(aliauth("auth_m3u8=yes")), apierr.ArgMalformed(argPlaylist), nil},
		{set, "id of a config that is not set", functions(`[{"functionName":"aliauth","configId":"7","functionArgs":[{"argName":"auth_type","argValue":"no_auth"}]}]`), apierr.InvalidConfigNotFound, nil},
		{set, "id of another config", functions(`[{"functionName":"aliauth","configId":"7","functionArgs":[{"argName":"auth_type","argValue":"no_auth"}]}]`), apierr.InvalidConfigNotFound, twice(set)},
		{set, "DryRun that is no boolean", []string{"DryRun=perhaps"}, apierr.Invalid("DryRun"), nil},

		{"BatchDeleteLiveDomainConfigs", "unknown domain", []string{"DomainNames=nowhere.example.com"}, apierr.InvalidDomainNotFound, nil},
		{"BatchDeleteLiveDomainConfigs", "empty name among the domains", []string{"DomainNames=," + pushDomain}, apierr.Invalid("DomainNames"), nil},
		{"BatchDeleteLiveDomainConfigs", "another function", []string{"FunctionNames=aliauth,ttl"}, apierr.FunctionNotSupported("ttl"), nil},
		{"BatchDeleteLiveDomainConfigs", "empty name among the functions", []string{"FunctionNames=aliauth,"}, apierr.FunctionNotSupported(""), nil},
		{"DescribeLiveDomainConfigs", "another function", []string{"FunctionNames=ttl"}, apierr.FunctionNotSupported("ttl"), nil},

		{"DeleteLiveDomain", "name that cannot be a domain", []string{"DomainName=a_b.example.com"}, apierr.DomainNameMalformed, nil},
		{"DeleteLiveDomainMapping", "unknown ingest domain", []string{"PushDomain=nowhere.example.com"}, apierr.InvalidDomainNotFound, nil},
		{"DeleteLiveDomainMapping", "streaming domain of others", []string{"PullDomain=" + foreignDomain}, apierr.InvalidDomainNotFound, nil},
		{"DeleteLiveDomainMapping", "streaming domain to push to", []string{"PushDomain=" + playDomain}, apierr.InvalidPushDomain, nil},
		{"DeleteLiveDomainMapping", "ingest domain to pull from", []string{"PullDomain=" + pushDomain}, apierr.InvalidPullDomain, nil},
		{"DeleteLiveDomainMapping", "no mapping", nil, apierr.InvalidConfigNotFound, func(f *fixture) {
			f.mustCall("DeleteLiveDomainMapping", valid["DeleteLiveDomainMapping"]...)
		}},

		{"DescribeLiveUserDomains", "name that cannot be a part of one", []string{"DomainName=a_b"}, apierr.DomainNameMalformed, nil},
		{"DescribeLiveUserDomains", "star within the name", []string{"DomainName=a*b"}, apierr.DomainNameMalformed, nil},
		{"DescribeLiveUserDomains", "unknown way to search", []string{"DomainSearchType=regexp_match"}, apierr.InvalidDomainSearchType, nil},
		{"DescribeLiveUserDomains", "way to search of other characters", []string{"DomainSearchType=.*"}, apierr.InvalidDomainSearchTypeMalformed, nil},
		{"DescribeLiveUserDomains", "unknown status", []string{"DomainStatus=stopped"}, apierr.InvalidDomainStatus, nil},
		{"DescribeLiveUserDomains", "unknown type", []string{"LiveDomainType=vod"}, apierr.InvalidLiveDomainType, nil},
		{"DescribeLiveUserDomains", "page 0", []string{"PageNumber=0"}, apierr.InvalidPageNumber, nil},
		{"DescribeLiveUserDomains", "page 100,001", []string{"PageNumber=100001"}, apierr.InvalidPageNumber, nil},
		{"DescribeLiveUserDomains", "page that is no number", []string{"PageNumber=first"}, apierr.InvalidPageNumber, nil},
		{"DescribeLiveUserDomains", "size 0", []string{"PageSize=0"}, apierr.InvalidPageSize, nil},
		{"DescribeLiveUserDomains", "size 501", []string{"PageSize=501"}, apierr.InvalidPageSize, nil},
		{"DescribeLiveUserDomains", "size that is no number", []string{"PageSize=all"}, apierr.InvalidPageSize, nil},
		{"DescribeLiveUserDomains", "21 tags", []string{"Tag.21.Key=team"}, apierr.Invalid("Tag"), nil},

		{"DescribeLiveStreamState", "app of other characters", []string{"AppName=a/b"}, apierr.InvalidParam, nil},
		{"DescribeLiveStreamState", "every stream", []string{"StreamName=*"}, apierr.InvalidParam, nil},
		{"DescribeLiveStreamAuthChecking", "URL without a host", []string{"Url=/live/show"}, apierr.InvalidParam, nil},
		{"DescribeLiveStreamAuthChecking", "URL without a path", []string{"Url=rtmp://" + pushDomain}, apierr.InvalidParam, nil},
		{"DescribeLiveStreamAuthChecking", "URL that cannot be read", []string{"Url=rtmp://%zz/live/show"}, apierr.InvalidParam, nil},
		{"DescribeLiveStreamAuthChecking", "URL of another domain", []string{"Url=rtmp://" + playDomain + "/live/show"}, apierr.InvalidParam, nil},
		{"DescribeLiveStreamAuthChecking", "URL for another domain", []string{"Url=rtmp://" + pushDomain + "/live/show?vhost=" + playDomain}, apierr.InvalidParam, nil},

		{"DescribeLiveStreamsPublishList", "start without a zone", []string{"StartTime=2026-11-23T00:00:00"}, apierr.StartTimeNotValid, nil},
		{"DescribeLiveStreamsPublishList", "end that is no time", []string{"EndTime=now"}, apierr.EndTimeNotValid, nil},
		{"DescribeLiveStreamsPublishList", "start more than 90 days ago", []string{"StartTime=2026-08-25T07:59:59Z", "EndTime=2026-08-26T00:00:00Z"}, apierr.StartTimeNotSupported, nil},
		{"DescribeLiveStreamsPublishList", "end at the start", []string{"EndTime=2026-11-23T00:00:00Z"}, apierr.EndTimeMismatch, nil},
		{"DescribeLiveStreamsPublishList", "more than 30 days", []string{"EndTime=2026-12-23T00:00:01Z"}, apierr.DurationExceed, nil},
		{"DescribeLiveStreamsPublishList", "unknown order", []string{"OrderBy=size"}, apierr.Invalid("OrderBy"), nil},
		{"DescribeLiveStreamsPublishList", "page that is no number", []string{"PageNumber=first"}, apierr.Invalid("PageNumber"), nil},
		{"DescribeLiveStreamsOnlineList", "page that is no number", []string{"PageNum=first"}, apierr.Invalid("PageNum"), nil},
		{"DescribeLiveStreamsOnlineList", "OnlyStream of another value", []string{"OnlyStream=true"}, apierr.Invalid("OnlyStream"), nil},
		{"DescribeLiveStreamsBlockList", "page that is no number", []string{"PageNum=first"}, apierr.Invalid("PageNum"), nil},
		{"DescribeLiveStreamsBlockList", "size that is no number", []string{"PageSize=all"}, apierr.Invalid("PageSize"), nil},

		{"ForbidLiveStream", "Oneshot of another value", []string{"Oneshot=true"}, apierr.Invalid("Oneshot"), nil},
		{"ForbidLiveStream", "time that is none", []string{"ResumeTime=tomorrow"}, apierr.InvalidResumeTimeMalformed, nil},
		{"ForbidLiveStream", "time that has come", []string{"ResumeTime=2026-11-23T08:00:00Z"}, apierr.InvalidResumeTimeMalformed, nil},
		{"ForbidLiveStream", "stream that is forbidden", nil, apierr.ConfigAlreadyExists, twice("ForbidLiveStream")},
		{"ForbidLiveStream", "more streams than may be", nil, apierr.QuotaExceededBlacklist, manyBlocks},
		{"ForbidLiveStream", "every app", []string{"AppName=*"}, apierr.Invalid("AppName"), nil},
		{"ResumeLiveStream", "app of other characters", []string{"AppName=a/b"}, apierr.Invalid("AppName"), nil},
	}
	for _, action := range []string{"DescribeLiveStreamsOnlineList", "DescribeLiveStreamsPublishList"} {
		cases = append(cases,
			errorCase{action, "size that is no number", []string{"PageSize=all"}, apierr.Invalid("PageSize"), nil},
			errorCase{action, "unknown way to compare", []string{"QueryType=regexp"}, apierr.Invalid("QueryType"), nil},
			errorCase{action, "unknown type of streams", []string{"StreamType=video"}, apierr.Invalid("StreamType"), nil})
	}
	for _, action := range []string{"ForbidLiveStream", "ResumeLiveStream"} {
		cases = append(cases,
			errorCase{action, "every stream", []string{"StreamName=*"}, apierr.Invalid("StreamName"), nil},
			errorCase{action, "viewers", []string{"LiveStreamType=player"}, apierr.Invalid("LiveStreamType"), nil})
	}
	return cases
}

// query sends a call that must succeed and reads its answer into v.
func (f *fixture) query(v any, action string, pairs ...string) {
	f.t.Helper()
	a := f.call(params(action, pairs...))
	if a.code != "" {
		f.t.Fatalf("%s %v: %s", action, pairs, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		f.t.Fatal(err)
	}
}

// live returns the streams that are pushed now.
func (f *fixture) live() (names []string) {
	for _, s := range f.streams.sessions {
		names = append(names, s.Key.App+"/"+s.Key.Stream)
	}
	return names
}

func TestAStoppedDomainEndsThePushesThroughIt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		action, domain string
		want           []string
		cause          error
	}{
		{"StopLiveDomain", playDomain, []string{"live/elsewhere"}, live.ErrDomainStopped},
		{"StopLiveDomain", pushDomain, []string{"live/direct", "live/elsewhere"}, live.ErrDomainStopped},
		{"DeleteLiveDomain", pushDomain, []string{"live/direct", "live/elsewhere"}, live.ErrDomainNotFound},
		{"StartLiveDomain", playDomain, []string{"live/mapped", "live/direct", "live/elsewhere"}, nil},
	} {
		t.Run(tc.action+" "+tc.domain, func(t *testing.T) {
			t.Parallel()
			f := sqliteFixture(t)
			f.streams.push(pushDomain, playDomain, "live", "mapped")
			f.streams.push(playDomain, playDomain, "live", "direct")
			f.streams.push(foreignDomain, foreignDomain, "live", "elsewhere")
			f.mustCall(tc.action, "DomainName="+tc.domain)
			if got := f.live(); !slices.Equal(got, tc.want) {
				t.Errorf("live are %v, want %v", got, tc.want)
			}
			for _, cause := range f.streams.causes {
				if !errors.Is(cause, tc.cause) {
					t.Errorf("cause %v, want %v", cause, tc.cause)
				}
			}
		})
	}
}

func TestStreamsEndIfWhatForbidsThemMayBeWritten(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"StopLiveDomain", "DeleteLiveDomain", "ForbidLiveStream"} {
		for _, tc := range []struct {
			name string
			err  error
			left int
		}{
			{"failed, not written", store.ErrUnavailable, 1},
			{"failed, perhaps written", store.ErrUncertain, 0},
		} {
			t.Run(action+" "+tc.name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				f.streams.push(playDomain, playDomain, "live", "show")
				failingWrites(tc.err)(f)
				if a := f.call(params(action, valid[action]...)); a.code == "" {
					t.Errorf("the call succeeds: %s", a.body)
				}
				if got := len(f.live()); got != tc.left {
					t.Errorf("%d streams are live, want %d", got, tc.left)
				}
			})
		}
	}
}

// failingWrites lets transactions run and fail when they are written.
func failingWrites(err error) func(f *fixture) {
	return func(f *fixture) { f.server.store = &unwritten{configStore: f.server.store, err: err} }
}

// An unwritten store does what an Update says and fails then.
type unwritten struct {
	configStore
	err error
}

func (s *unwritten) Update(ctx context.Context, fn func(store.Tx) error) error {
	if err := s.configStore.Update(ctx, fn); err != nil {
		return err
	}
	return s.err
}

func TestTheStatusOfADomainChangesWithItsTime(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	var detail struct {
		DomainDetail struct{ DomainStatus, GmtCreated, GmtModified string }
	}
	for i, step := range []struct{ action, status, modified string }{
		{"StartLiveDomain", "online", "2026-11-23T08:00:00Z"}, // it was
		{"StopLiveDomain", "offline", "2026-11-23T08:02:00Z"},
		{"StopLiveDomain", "offline", "2026-11-23T08:02:00Z"},
		{"StartLiveDomain", "online", "2026-11-23T08:04:00Z"},
	} {
		f.now = testTime.Add(time.Duration(i+1) * time.Minute)
		f.mustCall(step.action, "DomainName="+playDomain)
		f.query(&detail, "DescribeLiveDomainDetail", "DomainName="+playDomain)
		got := detail.DomainDetail
		if got.DomainStatus != step.status || got.GmtModified != step.modified || got.GmtCreated != "2026-11-23T08:00:00Z" {
			t.Errorf("step %d: %+v, want %+v", i, got, step)
		}
	}
}

func TestADeletedDomainCanBeAddedByOthers(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveRecordNotifyConfig", valid["AddLiveRecordNotifyConfig"]...)
	f.mustCall("DeleteLiveDomain", "DomainName="+strings.ToUpper(playDomain)+".")
	f.call(params("DescribeLiveDomainDetail", "DomainName="+playDomain)).wantError(t, apierr.InvalidDomainNotFound)
	if a := f.callAs(otherKey, params("AddLiveDomain", "DomainName="+playDomain, "LiveDomainType=liveVideo", "Region=cn-shanghai")); a.code != "" {
		t.Fatal(a.body)
	}
	f.callAs(otherKey, params("DescribeLiveRecordNotifyConfig", "DomainName="+playDomain)).wantError(t, apierr.InvalidConfigNotFound)
}

func TestDomainsAreListedAsAsked(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	for i, d := range []string{"b.example.org", "a.example.org"} {
		f.now = testTime.Add(time.Duration(i+1) * time.Minute)
		f.mustCall("AddLiveDomain", "DomainName="+d, "LiveDomainType=liveEdge", "Region=cn-beijing")
	}
	f.mustCall("StopLiveDomain", "DomainName=a.example.org")
	for _, tc := range []struct {
		name  string
		pairs []string
		want  string
		total int
	}{
		{"all", nil, "play.example.com push.example.com b.example.org a.example.org", 4},
		{"part of a name", []string{"DomainName=EXAMPLE.org"}, "b.example.org a.example.org", 2},
		{"part of a name behind a star", []string{"DomainName=*.example.com"}, "play.example.com push.example.com", 2},
		{"beginning", []string{"DomainName=p", "DomainSearchType=pre_match"}, "play.example.com push.example.com", 2},
		{"end", []string{"DomainName=.org", "DomainSearchType=suf_match"}, "b.example.org a.example.org", 2},
		{"whole name", []string{"DomainName=a.example.org", "DomainSearchType=full_match"}, "a.example.org", 1},
		{"part where a whole name is asked for", []string{"DomainName=example.org", "DomainSearchType=full_match"}, "", 0},
		{"status", []string{"DomainStatus=offline"}, "a.example.org", 1},
		{"status that no domain has", []string{"DomainStatus=configuring"}, "", 0},
		{"type", []string{"LiveDomainType=liveVideo"}, "play.example.com", 1},
		{"region", []string{"RegionName=cn-beijing"}, "b.example.org a.example.org", 2},
		{"resource group", []string{"ResourceGroupId=rg-1"}, "", 0},
		{"tag", []string{"Tag.1.Key=team"}, "", 0},
		{"first page", []string{"PageSize=3"}, "play.example.com push.example.com b.example.org", 4},
		{"last page", []string{"PageSize=3", "PageNumber=2"}, "a.example.org", 4},
		{"page past the end", []string{"PageSize=500", "PageNumber=100000"}, "", 4},
	} {
		var got struct {
			TotalCount int
			Domains    struct{ PageData []struct{ DomainName string } }
		}
		f.query(&got, "DescribeLiveUserDomains", tc.pairs...)
		var names []string
		for _, d := range got.Domains.PageData {
			names = append(names, d.DomainName)
		}
		if list := strings.Join(names, " "); list != tc.want || got.TotalCount != tc.total {
			t.Errorf("%s: %q of %d, want %q of %d", tc.name, list, got.TotalCount, tc.want, tc.total)
		}
	}
}

func TestMappingsAreShownFromBothSides(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	shown := func(domain string) string {
		var got struct {
			LiveDomainModels struct {
				LiveDomainModel []struct{ DomainName, Type string }
			}
		}
		f.query(&got, "DescribeLiveDomainMapping", "DomainName="+domain)
		return fmt.Sprint(got.LiveDomainModels.LiveDomainModel)
	}
	for i, want := range []struct{ play, push string }{
		{"[]", "[]"},
		{"[{push.example.com publish}]", "[{play.example.com vhost}]"},
		{"[]", "[]"},
	} {
		switch i {
		case 1:
			f.mustCall("AddLiveDomainMapping", valid["AddLiveDomainMapping"]...)
		case 2:
			f.mustCall("DeleteLiveDomainMapping", valid["DeleteLiveDomainMapping"]...)
		}
		if play, push := shown(playDomain), shown(pushDomain); play != want.play || push != want.push {
			t.Errorf("step %d: %s and %s, want %s and %s", i, play, push, want.play, want.push)
		}
	}
}

func TestAForbiddenStreamIsCutAndListedUntilItIsAllowed(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveDomainMapping", valid["AddLiveDomainMapping"]...)
	stream := []string{"DomainName=" + pushDomain, "AppName=live", "StreamName=show", "LiveStreamType=publisher"}
	push := func() {
		f.streams.push(pushDomain, playDomain, "live", "show")
		f.streams.push(pushDomain, playDomain, "game", "show")
	}
	blocked := func(pairs ...string) string {
		var got struct {
			TotalNum   int
			StreamUrls struct{ StreamUrl []string }
		}
		f.query(&got, "DescribeLiveStreamsBlockList", append(pairs, "DomainName="+playDomain)...)
		return fmt.Sprint(got.TotalNum, got.StreamUrls.StreamUrl)
	}
	want := func(step, list string, streams ...string) {
		t.Helper()
		if got := blocked(); got != list {
			t.Errorf("%s: blocked %s, want %s", step, got, list)
		}
		if got := f.live(); !slices.Equal(got, streams) {
			t.Errorf("%s: live %v, want %v", step, got, streams)
		}
	}

	push()
	f.mustCall("ForbidLiveStream", append(stream, "Oneshot=yes")...)
	want("cut once", "0 []", "game/show")
	f.streams.sessions = nil
	push()
	f.mustCall("ForbidLiveStream", append(stream, "ResumeTime=2026-11-23T09:00:00Z")...)
	want("forbidden for an hour", "1 [play.example.com/live/show]", "game/show")
	if !errors.Is(f.streams.causes[1], live.ErrStreamForbidden) {
		t.Errorf("cause %v", f.streams.causes[1])
	}
	f.now = testTime.Add(time.Hour)
	want("after the hour", "0 []", "game/show")
	f.mustCall("ForbidLiveStream", stream...)
	f.mustCall("ForbidLiveStream", append(stream, "AppName=game")...)
	want("both for half a year", "2 [play.example.com/game/show play.example.com/live/show]")
	if got := blocked("PageSize=1", "PageNum=2"); got != "2 [play.example.com/live/show]" {
		t.Errorf("second page: %s", got)
	}
	f.now = f.now.Add(live.DefaultBlock - time.Second)
	want("at the end of the half year", "2 [play.example.com/game/show play.example.com/live/show]")
	f.mustCall("ResumeLiveStream", stream...)
	want("one allowed", "1 [play.example.com/game/show]")
	f.mustCall("ResumeLiveStream", append(stream, "AppName=*")...)
	want("all allowed", "0 []")
	f.mustCall("ResumeLiveStream", stream...) // nothing is to be done
}

func TestLiveStreamsAreListedAsAsked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.streams.push(pushDomain, playDomain, "live", "show")
	f.streams.push(playDomain, playDomain, "live", "show_2")
	f.streams.push(pushDomain, playDomain, "game", "match")
	f.streams.push(foreignDomain, foreignDomain, "live", "show")
	for _, tc := range []struct {
		name  string
		pairs []string
		want  string
		total int
		pages int
	}{
		{"all", nil, "show show_2 match", 3, 1},
		{"app", []string{"AppName=game"}, "match", 1, 1},
		{"part of an app", []string{"AppName=gam"}, "", 0, 0},
		{"part of a name", []string{"StreamName=sho"}, "show show_2", 2, 1},
		{"whole name", []string{"StreamName=show", "QueryType=strict"}, "show", 1, 1},
		{"raw streams", []string{"StreamType=raw"}, "show show_2 match", 3, 1},
		{"transcoded streams", []string{"StreamType=trans"}, "", 0, 0},
		{"first page", []string{"PageSize=2"}, "show show_2", 3, 2},
		{"last page", []string{"PageSize=2", "PageNum=2"}, "match", 3, 2},
		{"page past the end", []string{"PageSize=2", "PageNum=3"}, "", 3, 2},
		{"page and size below what may be", []string{"PageSize=0", "PageNum=-1"}, "show", 3, 3},
		{"size above what may be", []string{"PageSize=3001"}, "show show_2 match", 3, 1},
	} {
		var got struct {
			TotalNum, TotalPage, PageSize int
			OnlineInfo                    struct{ LiveStreamOnlineInfo []struct{ StreamName string } }
		}
		f.query(&got, "DescribeLiveStreamsOnlineList", append(tc.pairs, "DomainName="+playDomain)...)
		var names []string
		for _, s := range got.OnlineInfo.LiveStreamOnlineInfo {
			names = append(names, s.StreamName)
		}
		if list := strings.Join(names, " "); list != tc.want || got.TotalNum != tc.total || got.TotalPage != tc.pages {
			t.Errorf("%s: %q of %d on %d pages, want %q of %d on %d", tc.name, list, got.TotalNum, got.TotalPage, tc.want, tc.total, tc.pages)
		}
	}
}

func TestOnlyStreamNamesTheStreamAndNoMore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.streams.push(pushDomain, playDomain, "live", "show")
	var got struct {
		OnlineInfo struct{ LiveStreamOnlineInfo []map[string]string }
	}
	f.query(&got, "DescribeLiveStreamsOnlineList", "DomainName="+playDomain, "OnlyStream=yes")
	want := []map[string]string{{"DomainName": playDomain, "AppName": "live", "StreamName": "show", "PublishTime": "2026-11-23T08:00:00Z"}}
	if list := got.OnlineInfo.LiveStreamOnlineInfo; fmt.Sprint(list) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", list, want)
	}
}

func TestAStreamIsOnlineWhileItIsPushed(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveDomainMapping", valid["AddLiveDomainMapping"]...)
	f.streams.push(pushDomain, playDomain, "live", "show")
	for _, tc := range []struct{ domain, stream, want string }{
		{playDomain, "show", "online"}, {pushDomain, "show", "online"}, {playDomain, "other", "offline"},
	} {
		var got struct{ StreamState, Type string }
		f.query(&got, "DescribeLiveStreamState", "DomainName="+tc.domain, "AppName=live", "StreamName="+tc.stream)
		if got.StreamState != tc.want || got.Type != "push" {
			t.Errorf("%s of %s is %+v, want %s", tc.stream, tc.domain, got, tc.want)
		}
	}
}

func TestPushesAreListedAsAsked(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.addPastSessions()
	for _, tc := range []struct {
		name  string
		pairs []string
		want  string
		total int
	}{
		{"all", nil, "[{show 2026-11-23T07:30:00Z edge} {talk  center}]", 2},
		{"latest first", []string{"OrderBy=publish_time_desc", "PageSize=1"}, "[{talk  center}]", 2},
		{"by name, last first", []string{"OrderBy=stream_name_desc", "PageSize=1", "PageNumber=2"}, "[{show 2026-11-23T07:30:00Z edge}]", 2},
		{"part of a name", []string{"StreamName=al"}, "[{talk  center}]", 1},
		{"whole name", []string{"StreamName=al", "QueryType=strict"}, "[]", 0},
		{"another app", []string{"AppName=game"}, "[]", 0},
		{"transcoded streams", []string{"StreamType=trans"}, "[]", 0},
		{"window that ends where one begins", []string{"EndTime=2026-11-23T07:00:00Z"}, "[]", 0},
		{"window that begins where one begins", []string{"StartTime=2026-11-23T07:59:00Z"}, "[{talk  center}]", 1},
	} {
		var got struct {
			TotalNum    int
			PublishInfo struct {
				LiveStreamPublishInfo []struct{ StreamName, StopTime, PublishType string }
			}
		}
		p := params("DescribeLiveStreamsPublishList", valid["DescribeLiveStreamsPublishList"]...)
		for _, pair := range tc.pairs {
			name, value, _ := strings.Cut(pair, "=")
			p = p.Without(name).With(name, value)
		}
		a := f.call(p)
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.code != "" {
			t.Fatal(err, a.body)
		}
		if list := fmt.Sprint(got.PublishInfo.LiveStreamPublishInfo); list != tc.want || got.TotalNum != tc.total {
			t.Errorf("%s: %s of %d, want %s of %d", tc.name, list, got.TotalNum, tc.want, tc.total)
		}
	}
}

func TestPushAuthIsSetShownAndDeleted(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	shown := func() string {
		var got struct {
			DomainConfigs struct {
				DomainConfig []struct {
					Status       string
					FunctionArgs struct {
						FunctionArg []struct{ ArgName, ArgValue string }
					}
				}
			}
		}
		f.query(&got, "DescribeLiveDomainConfigs", "DomainName="+pushDomain, "FunctionNames=aliauth")
		return fmt.Sprint(got.DomainConfigs.DomainConfig)
	}
	set := func(functions string, pairs ...string) {
		t.Helper()
		f.mustCall("BatchSetLiveDomainConfigs", append(pairs, "DomainNames="+pushDomain+","+playDomain, "Functions="+functions)...)
	}
	want := func(step, config string) {
		t.Helper()
		if got := shown(); got != config {
			t.Errorf("%s: %s\nwant %s", step, got, config)
		}
	}
	want("nothing set", "[]")
	set(aliauth(), "DryRun=true")
	want("only checked", "[]")
	const full = "[{success {[{auth_type type_a} {auth_key1 0123456789abcdef} {auth_key2 fedcba9876543210} {ali_auth_delta 45} {auth_m3u8 on}]}}]"
	set(aliauth())
	want("set", full)
	f.call(params("BatchSetLiveDomainConfigs", "DomainNames="+pushDomain+",nowhere.example.com", "Functions="+aliauth("auth_type=no_auth"))).wantError(t, apierr.InvalidDomainNotFound)
	want("refused for another domain", full)
	set(`[{"functionName":"aliauth","functionArgs":[{"argName":"auth_type","argValue":"type_a"},{"argName":"auth_key1","argValue":"abcdEFGH"}]}]`)
	want("replaced, with what is preset", "[{success {[{auth_type type_a} {auth_key1 abcdEFGH} {auth_key2 } {ali_auth_delta 30} {auth_m3u8 off}]}}]")
	f.call(params("BatchDeleteLiveDomainConfigs", "DomainNames="+pushDomain, "FunctionNames=aliauth,ttl")).wantError(t, apierr.FunctionNotSupported("ttl"))
	if shown() == "[]" {
		t.Error("a refused call deleted something")
	}
	f.mustCall("BatchDeleteLiveDomainConfigs", valid["BatchDeleteLiveDomainConfigs"]...)
	want("deleted", "[]")
	f.mustCall("BatchDeleteLiveDomainConfigs", valid["BatchDeleteLiveDomainConfigs"]...)
}

func TestAConfigIsChangedByItsID(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("BatchSetLiveDomainConfigs", "DomainNames="+pushDomain, "Functions="+aliauth())
	var auth live.PushAuth
	err := f.store.View(t.Context(), func(r store.Reader) (err error) {
		auth, err = r.PushAuth(t.Context(), pushDomain)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	f.mustCall("BatchSetLiveDomainConfigs", "DomainNames="+pushDomain, fmt.Sprintf(
		`Functions=[{"functionName":"aliauth","configId":"%d","functionArgs":[{"argName":"auth_type","argValue":"no_auth"}]}]`, auth.ID))
}

func TestURLsAreCheckedAsPushesAre(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("BatchSetLiveDomainConfigs", "DomainNames="+pushDomain, "Functions="+aliauth())
	key := func(path string, t time.Time) string { return live.AuthKey(path, t, "0", "0", testAuthKey) }
	good := key("/live/show", testTime)
	for _, tc := range []struct{ name, domain, url, status, description string }{
		{"good", pushDomain, "rtmp://" + pushDomain + "/live/show?auth_key=" + good, "pass", "AUTH_KEY IS VALID"},
		{"good, for the default host", pushDomain, "rtmp://127.0.0.1:1935/live/show?auth_key=" + good, "pass", "AUTH_KEY IS VALID"},
		{"good, by vhost", pushDomain, "rtmp://other.example.com/live/show?vhost=" + pushDomain + "&auth_key=" + good, "pass", "AUTH_KEY IS VALID"},
		{"good, of a playlist", pushDomain, "http://" + pushDomain + "/live/show.m3u8?auth_key=" + key("/live/show.m3u8", testTime), "pass", "AUTH_KEY IS VALID"},
		{"of another stream", pushDomain, "rtmp://" + pushDomain + "/live/talk?auth_key=" + good, "false", "INVALID AUTH_KEY"},
		{"none", pushDomain, "rtmp://" + pushDomain + "/live/show", "false", "MISSING AUTH_KEY"},
		{"expired", pushDomain, "rtmp://" + pushDomain + "/live/show?auth_key=" + key("/live/show", testTime.Add(-46*time.Minute)), "false", "EXPIRED AUTH_KEY"},
		{"domain without push auth", playDomain, "rtmp://" + playDomain + "/live/show", "pass", "AUTH IS OFF"},
	} {
		var got struct{ Status, Description string }
		f.query(&got, "DescribeLiveStreamAuthChecking", "DomainName="+tc.domain, "Url="+tc.url)
		if got.Status != tc.status || got.Description != tc.description {
			t.Errorf("%s: %+v, want %s, %s", tc.name, got, tc.status, tc.description)
		}
	}
}
