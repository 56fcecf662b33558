package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func (f *fixture) recordConfig(app, stream string) (c live.RecordConfig) {
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

func TestAddLiveAppRecordConfigFillsInDefaults(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveAppRecordConfig", append(slices.Clone(valid["AddLiveAppRecordConfig"]), "RecordFormat.3.Format=M3U8",
		"RecordFormat.3.OssObjectPrefix="+testPrefix, "RecordFormat.3.SliceOssObjectPrefix={UnixTimestamp}_{Sequence}",
		"RecordFormat.2.Format=cmaf", "RecordFormat.2.OssObjectPrefix="+testPrefix, "RecordFormat.2.SliceOssObjectPrefix=cmaf/{UnixTimestamp}_{Sequence}", "RecordFormat.2.SliceDuration=5")...)
	c := f.recordConfig("live", live.Any)
	if c.DelayTime != 3*time.Minute || c.OnDemand != live.OnDemandAutomatic || !c.StartTime.IsZero() || !c.EndTime.IsZero() {
		t.Errorf("got %+v", c)
	}
	want := []live.RecordFormat{
		{Format: live.FormatMP4, CycleDuration: time.Hour, ObjectPrefix: testPrefix},
		{Format: live.FormatCMAF, CycleDuration: 6 * time.Hour, SliceDuration: 5 * time.Second, ObjectPrefix: testPrefix, SliceObjectPrefix: "cmaf/{UnixTimestamp}_{Sequence}"},
		{Format: live.FormatM3U8, CycleDuration: 6 * time.Hour, SliceDuration: 30 * time.Second, ObjectPrefix: testPrefix, SliceObjectPrefix: "{UnixTimestamp}_{Sequence}"},
	}
	if !slices.Equal(c.Formats, want) {
		t.Errorf("formats\n got %+v\nwant %+v", c.Formats, want)
	}
}

// Whether the domain has an OnDemandUrl shows when a push is decided upon.
func TestTheOperatorCanBeAskedBeforeItIsKnownWhere(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveAppRecordConfig", append(slices.Clone(valid["AddLiveAppRecordConfig"]), "OnDemand=1")...)
	if c := f.recordConfig("live", live.Any); c.OnDemand != live.OnDemandCallback {
		t.Errorf("OnDemand is %d", c.OnDemand)
	}
	f.mustCall("UpdateLiveAppRecordConfig", "DomainName="+playDomain, "AppName=live", "OssEndpoint=elsewhere", "OnDemand=2")
	f.mustCall("UpdateLiveAppRecordConfig", "DomainName="+playDomain, "AppName=live", "OssEndpoint=elsewhere", "OnDemand=1")
	if c := f.recordConfig("live", live.Any); c.OnDemand != live.OnDemandCallback {
		t.Errorf("OnDemand is %d", c.OnDemand)
	}
}

func TestARecordWindowIsCutToSevenDays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		start, end string
		wantEnd    time.Time
	}{
		{"of eight days", "2026-11-23T09:00:00Z", "2026-12-01T09:00:00Z", time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)},
		{"of seven days", "2026-11-23T09:00:00Z", "2026-11-30T09:00:00Z", time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)},
		{"without end", "2026-11-23T09:00:00Z", "", time.Time{}},
		{"without start", "", "2026-11-30T09:00:00Z", time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := sqliteFixture(t)
			f.mustCall("AddLiveAppRecordConfig", append(slices.Clone(valid["AddLiveAppRecordConfig"]), "StreamName=show", "StartTime="+tt.start, "EndTime="+tt.end)...)
			if got := f.recordConfig("live", "show").EndTime; !got.Equal(tt.wantEnd) {
				t.Errorf("ends %v, want %v", got, tt.wantEnd)
			}
		})
	}
}

func TestDescribeLiveRecordConfigPages(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	for i := range 12 {
		app := "a"
		if i%3 == 0 {
			app = "b"
		}
		f.mustCall("AddLiveAppRecordConfig", append(slices.Clone(valid["AddLiveAppRecordConfig"]), "AppName="+app, fmt.Sprintf("StreamName=s%d", i))...)
		f.now = f.now.Add(time.Second)
	}
	f.mustCall("AddLiveAppRecordConfig", append(slices.Clone(valid["AddLiveAppRecordConfig"]), "AppName=*", "StreamName=")...)
	type page struct {
		PageNum, PageSize, TotalNum, TotalPage int
		Order                                  string
	}
	tests := []struct {
		name   string
		params []string
		want   page
		names  []string
	}{
		{"the defaults", nil, page{1, 10, 13, 2, "asc"}, []string{"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9"}},
		{"the second page", []string{"PageNum=2"}, page{2, 10, 13, 2, "asc"}, []string{"s10", "s11", "*"}},
		{"beyond the last page", []string{"PageNum=3"}, page{3, 10, 13, 2, "asc"}, nil},
		{"newest first", []string{"Order=DESC", "PageSize=5"}, page{1, 5, 13, 3, "desc"}, []string{"*", "s11", "s10", "s9", "s8"}},
		{"a page too small", []string{"PageSize=1"}, page{1, 5, 13, 3, "asc"}, []string{"s0", "s1", "s2", "s3", "s4"}},
		{"a page too large", []string{"PageSize=1000"}, page{1, 30, 13, 1, "asc"}, []string{"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "*"}},
		{"page zero", []string{"PageNum=0", "PageSize=5"}, page{1, 5, 13, 3, "asc"}, []string{"s0", "s1", "s2", "s3", "s4"}},
		{"the highest page", []string{"PageNum=2147483647"}, page{2147483647, 10, 13, 2, "asc"}, nil},
		{"one app", []string{"AppName=b"}, page{1, 10, 4, 1, "asc"}, []string{"s0", "s3", "s6", "s9"}},
		{"one stream", []string{"StreamName=s4"}, page{1, 10, 1, 1, "asc"}, []string{"s4"}},
		{"the star matches itself alone", []string{"AppName=*"}, page{1, 10, 1, 1, "asc"}, []string{"*"}},
		{"nothing", []string{"AppName=c"}, page{1, 10, 0, 0, "asc"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := f.call(params("DescribeLiveRecordConfig", append([]string{"DomainName=" + playDomain}, tt.params...)...))
			var got struct {
				page
				LiveAppRecordList struct {
					LiveAppRecord []struct{ StreamName string }
				}
			}
			if err := json.Unmarshal([]byte(a.body), &got); err != nil {
				t.Fatal(err)
			}
			if got.page != tt.want {
				t.Errorf("got %+v, want %+v", got.page, tt.want)
			}
			var names []string
			for _, r := range got.LiveAppRecordList.LiveAppRecord {
				names = append(names, r.StreamName)
			}
			if !slices.Equal(names, tt.names) {
				t.Errorf("got %v, want %v", names, tt.names)
			}
		})
	}
}
