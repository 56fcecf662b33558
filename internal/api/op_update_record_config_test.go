package api

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// recordConfigOf reads a rule of playDomain from the store.
func (f *fixture) recordConfigOf(app, stream string) (c live.RecordConfig) {
	f.t.Helper()
	ctx := f.t.Context()
	err := f.store.View(ctx, func(r store.Reader) (err error) {
		c, err = r.RecordConfig(ctx, live.StreamKey{Domain: playDomain, App: app, Stream: stream})
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

func TestUpdateLiveAppRecordConfigChangesWhatIsGiven(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveAppRecordConfig", append(slices.Clone(valid["AddLiveAppRecordConfig"]),
		"RecordFormat.2.Format=flv", "RecordFormat.2.OssObjectPrefix={StartTime}{EndTime}", "EndTime=2026-11-24T08:00:00Z")...)
	want := f.recordConfigOf("live", live.Any)
	f.now = f.now.Add(48 * time.Hour) // the window has passed, which is no matter

	f.mustCall("UpdateLiveAppRecordConfig", "DomainName="+playDomain, "AppName=live", "OssEndpoint=elsewhere", "OnDemand=7", "DelayTime=15")
	want.OSSEndpoint, want.OnDemand, want.DelayTime = "elsewhere", live.OnDemandManual, 15*time.Second
	if got := f.recordConfigOf("live", live.Any); !reflect.DeepEqual(got, want) {
		t.Errorf("after mode and delay:\n got %+v\nwant %+v", got, want)
	}

	f.mustCall("UpdateLiveAppRecordConfig", "DomainName="+playDomain, "AppName=live", "StreamName=*", "OssEndpoint=elsewhere",
		"RecordFormat.1.Format=FLV", "RecordFormat.1.CycleDuration=60",
		"StartTime=2026-11-25T09:00:00Z", "EndTime=2026-12-25T09:00:00Z")
	want.Formats = want.Formats[1:]
	want.Formats[0].CycleDuration = time.Minute
	want.StartTime = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	want.EndTime = want.StartTime.Add(live.MaxRecordWindow)
	if got := f.recordConfigOf("live", live.Any); !reflect.DeepEqual(got, want) {
		t.Errorf("after formats and window:\n got %+v\nwant %+v", got, want)
	}
}

func TestDeleteLiveAppRecordConfigDeletesOneConfig(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveAppRecordConfig", valid["AddLiveAppRecordConfig"]...)
	f.mustCall("AddLiveAppRecordConfig", append(slices.Clone(valid["AddLiveAppRecordConfig"]), "StreamName=show")...)
	f.mustCall("DeleteLiveAppRecordConfig", "DomainName="+playDomain, "AppName=live")
	f.recordConfigOf("live", "show")
	if a := f.call(params("DeleteLiveAppRecordConfig", "DomainName="+playDomain, "AppName=live")); a.code != "InvalidConfig.NotFound" {
		t.Errorf("deleting it again: %d %s", a.status, a.code)
	}
}
