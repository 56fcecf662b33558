package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	testIndexID  = "c4d7f0a4-b506-43f9-8de3-07732c3f0001"
	otherIndexID = "c4d7f0a4-b506-43f9-8de3-07732c3f0002"
)

var showKey = live.StreamKey{Domain: playDomain, App: "live", Stream: "show"}

// indexWindow holds the parameters that name a stream and the hour before
// testTime.
func indexWindow() []string {
	return []string{"DomainName=" + playDomain, "AppName=live", "StreamName=show", "StartTime=2026-11-23T07:00:00Z", "EndTime=2026-11-23T08:00:00Z"}
}

// testSlice returns the slice i of half a minute, from 7:30 on, which was stored
// a second after its end.
func testSlice(i int) live.Slice {
	start := testTime.Add(-30*time.Minute + time.Duration(i)*30*time.Second)
	return live.Slice{
		Key: showKey, Recording: "rec_1", Bucket: "recordings", Endpoint: "oss-cn-shanghai.aliyuncs.com", ObjectKey: fmt.Sprintf("record/live/show/%d.ts", i),
		StartTime: start, Duration: 29960 * time.Millisecond, Size: 1 << 20, Width: 1280, Height: 720, StoredAt: start.Add(31 * time.Second),
	}
}

func (f *fixture) addSlices() {
	f.t.Helper()
	f.update(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.AddSlice(ctx, testSlice(0)), tx.AddSlice(ctx, testSlice(1)))
	})
}

func (f *fixture) addIndexFile(id live.IndexFileID, key live.StreamKey) {
	f.t.Helper()
	f.update(func(ctx context.Context, tx store.Tx) error {
		return tx.AddIndexFile(ctx, live.IndexFile{
			ID: id, Key: key, Bucket: "recordings", Endpoint: "oss-cn-shanghai.aliyuncs.com", ObjectKey: "index/live/a b.m3u8",
			StartTime: testTime.Add(-2 * time.Hour), EndTime: testTime.Add(-time.Hour), Duration: 59*time.Minute + 500*time.Millisecond,
			Width: 1920, Height: 1080, CreatedAt: testTime.Add(-time.Minute),
		})
	})
}

// addRecordContent adds a recording of two stored files in one format.
func (f *fixture) addRecordContent() {
	f.t.Helper()
	f.update(func(ctx context.Context, tx store.Tx) error {
		err := tx.PutRecording(ctx, live.Recording{ID: "rec_1", Key: showKey, State: live.RecordingClosed, Config: live.RecordConfig{
			OSSEndpoint: "oss-cn-shanghai.aliyuncs.com", OSSBucket: "recordings",
			Formats: []live.RecordFormat{{Format: live.FormatFLV, ObjectPrefix: "flv"}, {Format: live.FormatMP4, ObjectPrefix: testPrefix}},
		}})
		for i := range 2 {
			start := testTime.Add(time.Duration(i-3) * 10 * time.Minute)
			err = errors.Join(err, tx.PutRecordFile(ctx, live.RecordFile{
				ID: live.RecordFileID(fmt.Sprint("file_", i)), Recording: "rec_1", Key: showKey, Format: live.FormatMP4, State: live.FileStored, Bucket: "recordings",
				StartTime: start, StopTime: start.Add(10 * time.Minute), Duration: 599750 * time.Millisecond,
			}))
		}
		return err
	})
}

func indexErrorCases() []errorCase {
	const create, list, content, remove = "CreateLiveStreamRecordIndexFiles", "DescribeLiveStreamRecordIndexFiles", "DescribeLiveStreamRecordContent", "DeleteLiveStreamRecordIndexFiles"
	change := func(fn func(s *storeState)) func(*fixture) {
		return func(f *fixture) { fn(&f.memory.state) }
	}
	otherBucket := change(func(s *storeState) { s.slices[1].Bucket = "others" })
	otherEndpoint := change(func(s *storeState) { s.slices[1].Endpoint = "oss-cn-beijing.aliyuncs.com" })
	manySlices := change(func(s *storeState) {
		for range maxIndexSlices {
			s.slices = append(s.slices, testSlice(0))
		}
	})
	neverPushed := change(func(s *storeState) { s.slices = nil })
	pushedOnly := change(func(s *storeState) { s.slices, s.sessions = nil, make([]live.PastSession, 1) })
	recordedToMP4 := change(func(s *storeState) { s.slices, s.contents = nil, make([]live.RecordContent, 1) })
	cases := []errorCase{
		{create, "every app", []string{"AppName=*"}, apierr.InvalidParams, nil},
		{create, "stream of other characters", []string{"StreamName=a/b"}, apierr.InvalidParams, nil},
		{create, "start more than 90 days ago", []string{"StartTime=2026-08-25T07:59:59Z", "EndTime=2026-08-25T09:00:00Z"}, apierr.InvalidStartTimeMismatch, nil},
		{create, "window of 29 seconds", []string{"EndTime=2026-11-23T07:00:29Z"}, apierr.IndexEndTimeMismatch, nil},
		{create, "blank in the endpoint", []string{"OssEndpoint=oss cn"}, apierr.IndexOSSEndpointMalformed, nil},
		{create, "bucket in capitals", []string{"OssBucket=Recordings"}, apierr.IndexOSSBucketMalformed, nil},
		{create, "unknown bucket", []string{"OssBucket=no-such-bucket"}, apierr.IndexBucketNotFound, nil},
		{create, "unknown variable", []string{"OssObject={StartTime}.m3u8"}, apierr.IndexOSSObjectMalformed, nil},
		{create, "object out of the bucket", []string{"OssObject=../a.m3u8"}, apierr.IndexOSSObjectMalformed, nil},
		{create, "object that is there", []string{"OssObject=taken.m3u8"}, apierr.IndexOSSObjectMalformed, nil},
		{create, "EndTimeIncluded that is no boolean", []string{"EndTimeIncluded=perhaps"}, apierr.Invalid("EndTimeIncluded"), nil},
		{create, "slices in two buckets", nil, apierr.IndexConfigChanged, otherBucket},
		{create, "slices at two endpoints", nil, apierr.IndexConfigChanged, otherEndpoint},
		{create, "too many slices", nil, apierr.RecordContentExceed, manySlices},
		{create, "stream that was not pushed", nil, apierr.IndexStreamNotFound, neverPushed},
		{create, "stream that was not recorded", nil, apierr.NoRecordContent, pushedOnly},
		{create, "stream that was recorded to mp4", nil, apierr.OperationNotSupport, recordedToMP4},

		{"DescribeLiveStreamRecordIndexFile", "unknown id", []string{"RecordId=" + otherIndexID}, apierr.InvalidRecordNotFound, nil},
		{"DescribeLiveStreamRecordIndexFile", "id of another stream", []string{"StreamName=talk"}, apierr.InvalidRecordNotFound, nil},

		{list, "unknown order", []string{"Order=name"}, apierr.Invalid("Order"), nil},
		{list, "page that is no number", []string{"PageNum=first"}, apierr.Invalid("PageNum"), nil},
		{list, "size that is no number", []string{"PageSize=all"}, apierr.Invalid("PageSize"), nil},

		{remove, "21 ids", []string{"RecordId.21=" + testIndexID}, apierr.InvalidParams, nil},
		{remove, "RemoveFile of another value", []string{"RemoveFile=yes"}, apierr.InvalidParams, nil},
		{remove, "no id", []string{"RecordId.1", "RecordId.2"}, apierr.Missing("RecordId"), nil},
	}
	for _, action := range []string{list, content} {
		cases = append(cases, errorCase{action, "start more than 180 days ago", []string{"StartTime=2026-05-27T07:59:59Z", "EndTime=2026-05-28T00:00:00Z"}, apierr.InvalidStartTimeMismatch, nil})
	}
	for _, action := range []string{create, list, content} {
		cases = append(cases,
			errorCase{action, "start without a zone", []string{"StartTime=2026-11-23T07:00:00"}, apierr.InvalidStartTimeMalformed, nil},
			errorCase{action, "start to come", []string{"StartTime=2026-11-23T08:00:01Z", "EndTime=2026-11-23T09:00:00Z"}, apierr.InvalidStartTimeMismatch, nil},
			errorCase{action, "end that is no time", []string{"EndTime=now"}, apierr.InvalidEndTimeMalformed, nil},
			errorCase{action, "end at the start", []string{"EndTime=2026-11-23T07:00:00Z"}, apierr.IndexEndTimeMismatch, nil},
			errorCase{action, "more than 4 days", []string{"EndTime=2026-11-27T07:00:01Z"}, apierr.IndexEndTimeMismatch, nil})
	}
	return cases
}

// memoryBuckets holds objects by bucket and key.
type memoryBuckets struct {
	fakeBuckets
	objects map[string]string
}

func (b memoryBuckets) PutObject(_ context.Context, bucket, key string, content []byte) error {
	b.objects[bucket+"/"+key] = string(content)
	return nil
}

func (b memoryBuckets) DeleteObject(_ context.Context, bucket, key string) error {
	if !b.HasBucket(bucket) {
		return live.ErrBucketNotFound
	}
	delete(b.objects, bucket+"/"+key)
	return nil
}

func indexFixture(t *testing.T) (*fixture, map[string]string) {
	b := memoryBuckets{objects: map[string]string{}}
	return sqliteFixture(t, func(c *Config) { c.Buckets = b }), b.objects
}

func TestAnIndexFileSaysWhereTimestampsDoNotGoOn(t *testing.T) {
	t.Parallel()
	f, objects := indexFixture(t)
	f.update(func(ctx context.Context, tx store.Tx) error {
		first, second, third := testSlice(0), testSlice(1), testSlice(2)
		first.Discontinuity, third.Discontinuity = true, true
		return errors.Join(tx.AddSlice(ctx, first), tx.AddSlice(ctx, second), tx.AddSlice(ctx, third))
	})
	f.mustCall("CreateLiveStreamRecordIndexFiles", slices.Concat(valid["CreateLiveStreamRecordIndexFiles"], []string{"OssObject=index.m3u8"})...)
	playlist := objects["recordings/index.m3u8"]
	_, behind, broken := strings.Cut(playlist, "#EXT-X-DISCONTINUITY\n")
	if !broken || !strings.Contains(behind, "2.ts") || strings.Contains(behind, "1.ts") || strings.Contains(behind, "DISCONTINUITY") {
		t.Errorf("playlist is %s", playlist)
	}
}

func TestAnIndexFileIsMadeOfStoredSlices(t *testing.T) {
	t.Parallel()
	const head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:30\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T07:30:00.000Z\n#EXTINF:29.960,\n"
	for _, tc := range []struct {
		name   string
		change []string
		object string
		want   string
	}{
		{"beside the slices", []string{"OssObject=record/live/index.m3u8"}, "recordings/record/live/index.m3u8",
			head + "show/0.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T07:30:30.000Z\n#EXTINF:29.960,\nshow/1.ts\n#EXT-X-ENDLIST\n"},
		{"in a folder of its own", []string{"OssObject={AppName}/{StreamName}/{Date}-{Hour}{Minute}{Second}", "EndTime=2026-11-23T07:30:40Z"}, "recordings/live/show/2026-11-23-153000",
			head + "../../record/live/show/0.ts\n#EXT-X-ENDLIST\n"},
		{"in another bucket", []string{"OssBucket=others", "OssObject=index.m3u8", "EndTime=2026-11-23T07:30:40Z"}, "others/index.m3u8",
			head + "http://recordings.oss-cn-shanghai.aliyuncs.com/record/live/show/0.ts\n#EXT-X-ENDLIST\n"},
		{"whose end is within a slice", []string{"OssObject=index.m3u8", "EndTime=2026-11-23T07:30:40Z", "EndTimeIncluded=true"}, "recordings/index.m3u8",
			head + "record/live/show/0.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T07:30:30.000Z\n#EXTINF:29.960,\nrecord/live/show/1.ts\n#EXT-X-ENDLIST\n"},
		{"whose end is before the next slice", []string{"OssObject=index.m3u8", "EndTime=2026-11-23T07:35:00Z", "EndTimeIncluded=true"}, "recordings/index.m3u8",
			head + "record/live/show/0.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T07:30:30.000Z\n#EXTINF:29.960,\nrecord/live/show/1.ts\n#EXT-X-ENDLIST\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f, objects := indexFixture(t)
			f.update(func(ctx context.Context, tx store.Tx) error {
				second := testSlice(1)
				second.Recording = "rec_2"
				third := testSlice(2)
				third.StartTime, third.StoredAt = testTime.Add(-30*time.Second), testTime
				return errors.Join(tx.AddSlice(ctx, second), tx.AddSlice(ctx, testSlice(0)), tx.AddSlice(ctx, third))
			})
			c := errorCase{action: "CreateLiveStreamRecordIndexFiles", change: tc.change}
			if a := f.call(c.params()); a.code != "" {
				t.Fatal(a.body)
			}
			if got := objects[tc.object]; got != tc.want || len(objects) != 1 {
				t.Errorf("objects %q\nwant %s: %q", objects, tc.object, tc.want)
			}
		})
	}
}

func TestAnIndexFileIsShownListedAndDeleted(t *testing.T) {
	t.Parallel()
	f, objects := indexFixture(t)
	f.addSlices()
	var made struct {
		RecordInfo struct{ RecordId, RecordUrl string }
	}
	f.query(&made, "CreateLiveStreamRecordIndexFiles", valid["CreateLiveStreamRecordIndexFiles"]...)
	id := made.RecordInfo.RecordId
	if want := "http://recordings.oss-cn-shanghai.aliyuncs.com/index/live/show/2026-11-23-153000.m3u8"; made.RecordInfo.RecordUrl != want {
		t.Errorf("RecordUrl %s, want %s", made.RecordInfo.RecordUrl, want)
	}
	other := live.IndexFileID(otherIndexID)
	f.addIndexFile(other, live.StreamKey{Domain: playDomain, App: "live", Stream: "talk"})
	f.addIndexFile(testIndexID, showKey) // a minute older

	stream := []string{"DomainName=" + playDomain, "AppName=live", "StreamName=show"}
	listed := func(pairs ...string) string {
		t.Helper()
		var got struct {
			TotalNum, TotalPage int
			RecordIndexInfoList struct{ RecordIndexInfo []struct{ RecordId string } }
		}
		f.now = testTime.Add(time.Second)
		f.query(&got, "DescribeLiveStreamRecordIndexFiles", append(append(stream, "StartTime=2026-11-23T07:00:00Z", "EndTime=2026-11-23T08:00:01Z"), pairs...)...)
		ids := fmt.Sprint(got.TotalNum, got.TotalPage)
		for _, info := range got.RecordIndexInfoList.RecordIndexInfo {
			ids += " " + info.RecordId
		}
		return ids
	}
	for _, tc := range []struct{ name, pair, want string }{
		{"all", "Order=asc", "2 1 " + testIndexID + " " + id},
		{"newest first", "Order=DESC", "2 1 " + id + " " + testIndexID},
		{"past the end", "PageNum=2", "2 1"},
	} {
		if got := listed(tc.pair); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	remove := func(removeFile string, ids ...string) string {
		t.Helper()
		pairs := append(stream, "RemoveFile="+removeFile)
		for i, id := range ids {
			pairs = append(pairs, fmt.Sprintf("RecordId.%d=%s", i+1, id))
		}
		var got struct {
			Code, Message        string
			RecordDeleteInfoList struct{ RecordDeleteInfo []struct{ Message string } }
		}
		f.query(&got, "DeleteLiveStreamRecordIndexFiles", pairs...)
		return fmt.Sprint(got)
	}
	if got, want := remove("false", testIndexID, otherIndexID), "{OK OK {[{OK} {FileNotFound}]}}"; got != want || len(objects) != 1 {
		t.Errorf("%s, %d objects; want %s, 1", got, len(objects), want)
	}
	if got, want := remove("true", id, id), "{OK OK {[{OK} {FileNotFound}]}}"; got != want || len(objects) != 0 {
		t.Errorf("%s, %d objects; want %s, 0", got, len(objects), want)
	}
	if got := listed(); got != "0 0" {
		t.Errorf("listed after all were deleted: %s", got)
	}
}

func TestAnIndexFileOfALostBucketStays(t *testing.T) {
	t.Parallel()
	f, _ := indexFixture(t)
	f.update(func(ctx context.Context, tx store.Tx) error {
		return tx.AddIndexFile(ctx, live.IndexFile{ID: testIndexID, Key: showKey, Bucket: "no-such-bucket", CreatedAt: testTime})
	})
	var got struct {
		RecordDeleteInfoList struct{ RecordDeleteInfo []struct{ Message string } }
	}
	f.query(&got, "DeleteLiveStreamRecordIndexFiles", valid["DeleteLiveStreamRecordIndexFiles"]...)
	if s := fmt.Sprint(got); s != "{{[{AccessDenied} {FileNotFound}]}}" {
		t.Errorf("got %s", s)
	}
	f.mustCall("DescribeLiveStreamRecordIndexFile", valid["DescribeLiveStreamRecordIndexFile"]...)
}
