package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var update = flag.Bool("update", false, "rewrite the examples and docs/compat")

// valid holds parameters with which each operation succeeds in a fixture that
// prepared has readied.
var valid = map[string][]string{
	"AddLiveAppRecordConfig":       {"DomainName=" + playDomain, "AppName=live", "OssBucket=recordings", "OssEndpoint=oss-cn-shanghai.aliyuncs.com", "RecordFormat.1.Format=mp4", "RecordFormat.1.OssObjectPrefix=" + testPrefix},
	"AddLiveDomain":                {"DomainName=new.example.com", "LiveDomainType=liveVideo", "Region=cn-shanghai"},
	"AddLiveDomainMapping":         {"PullDomain=" + playDomain, "PushDomain=" + pushDomain},
	"AddLiveRecordNotifyConfig":    {"DomainName=" + playDomain, "NotifyUrl=https://cb.example.com/notify"},
	"DeleteLiveAppRecordConfig":    {"DomainName=" + playDomain, "AppName=live"},
	"DeleteLiveRecordNotifyConfig": {"DomainName=" + playDomain},

	"BatchDeleteLiveDomainConfigs":   {"DomainNames=" + pushDomain + "," + playDomain, "FunctionNames=aliauth"},
	"BatchSetLiveDomainConfigs":      {"DomainNames=" + pushDomain + "," + playDomain, "Functions=" + aliauth()},
	"DeleteLiveDomain":               {"DomainName=" + playDomain},
	"DeleteLiveDomainMapping":        {"PullDomain=" + playDomain, "PushDomain=" + pushDomain},
	"DescribeLiveDomainConfigs":      {"DomainName=" + pushDomain, "FunctionNames=aliauth"},
	"DescribeLiveDomainDetail":       {"DomainName=" + playDomain},
	"DescribeLiveDomainMapping":      {"DomainName=" + playDomain},
	"DescribeLiveStreamAuthChecking": {"DomainName=" + pushDomain, "Url=rtmp://" + pushDomain + "/live/show?auth_key=" + live.AuthKey("/live/show", testTime, "0", "0", testAuthKey)},
	"DescribeLiveStreamState":        {"DomainName=" + playDomain, "AppName=live", "StreamName=show"},
	"DescribeLiveStreamsBlockList":   {"DomainName=" + playDomain},
	"DescribeLiveStreamsOnlineList":  {"DomainName=" + playDomain},
	"DescribeLiveStreamsPublishList": {"DomainName=" + playDomain, "StartTime=2026-11-23T00:00:00Z", "EndTime=2026-11-24T00:00:00Z"},
	"DescribeLiveUserDomains":        nil,
	"ForbidLiveStream":               {"DomainName=" + playDomain, "AppName=live", "StreamName=show", "LiveStreamType=publisher"},
	"ResumeLiveStream":               {"DomainName=" + playDomain, "AppName=live", "StreamName=show", "LiveStreamType=publisher"},
	"StartLiveDomain":                {"DomainName=" + playDomain},
	"StopLiveDomain":                 {"DomainName=" + playDomain},

	"DescribeLiveRecordConfig":           {"DomainName=" + playDomain},
	"DescribeLiveRecordNotifyConfig":     {"DomainName=" + playDomain},
	"DescribeLiveRecordNotifyRecords":    {"DomainName=" + playDomain, "StartTime=2026-11-23T00:00:00Z", "EndTime=2026-11-24T00:00:00Z"},
	"SetLiveStreamsNotifyUrlConfig":      {"DomainName=" + pushDomain, "NotifyUrl=https://cb.example.com/push", "NotifyReqAuth=yes", "NotifyAuthKey=testkeyyourkey12"},
	"DescribeLiveStreamsNotifyUrlConfig": {"DomainName=" + pushDomain},
	"DeleteLiveStreamsNotifyUrlConfig":   {"DomainName=" + pushDomain},
	"DescribeLiveStreamsNotifyRecords":   {"DomainName=" + pushDomain, "StartTime=2026-11-23T00:00:00Z", "EndTime=2026-11-24T00:00:00Z"},
	"CreateLiveStreamRecordIndexFiles":   append(indexWindow(), "OssBucket=recordings", "OssEndpoint=oss-cn-shanghai.aliyuncs.com", "OssObject=index/{AppName}/{StreamName}/{Date}-{Hour}{Minute}{Second}.m3u8"),
	"DeleteLiveStreamRecordIndexFiles":   {"DomainName=" + playDomain, "AppName=live", "StreamName=show", "RecordId.1=" + testIndexID, "RecordId.2=" + otherIndexID, "RemoveFile=true"},
	"DescribeLiveStreamRecordContent":    indexWindow(),
	"DescribeLiveStreamRecordIndexFile":  {"DomainName=" + playDomain, "AppName=live", "StreamName=show", "RecordId=" + testIndexID},
	"DescribeLiveStreamRecordIndexFiles": indexWindow(),
	"RealTimeRecordCommand":              {"DomainName=" + playDomain, "AppName=live", "StreamName=show", "Command=start"},
	"UpdateLiveAppRecordConfig":          {"DomainName=" + playDomain, "AppName=live", "OssEndpoint=oss-cn-beijing.aliyuncs.com", "RecordFormat.1.Format=mp4", "RecordFormat.1.CycleDuration=60"},
	"UpdateLiveRecordNotifyConfig":       {"DomainName=" + playDomain, "NotifyUrl=https://cb.example.com/other"},

	"TallylightReplayDeliveries": {"DomainName=" + playDomain},
}

const testPrefix = "record/{AppName}/{StreamName}/{EscapedStartTime}_{EscapedEndTime}"

// prepare readies the fixture for valid[action].
func (f *fixture) prepare(action string) *fixture {
	switch action {
	case "DeleteLiveRecordNotifyConfig", "DescribeLiveRecordNotifyConfig", "UpdateLiveRecordNotifyConfig":
		f.mustCall("AddLiveRecordNotifyConfig", "DomainName="+playDomain, "NotifyUrl=http://cb.example.com/notify?a=1&b=<2>",
			"OnDemandUrl=https://od.example.com/decide", "NeedStatusNotify=true", "NotifyReqAuth=yes", "NotifyAuthKey=testkeyyourkey12")
	case "DeleteLiveAppRecordConfig", "UpdateLiveAppRecordConfig":
		f.mustCall("AddLiveAppRecordConfig", valid["AddLiveAppRecordConfig"]...)
	case "DeleteLiveDomainMapping", "DescribeLiveDomainMapping":
		f.mustCall("AddLiveDomainMapping", valid["AddLiveDomainMapping"]...)
	case "DescribeLiveDomainConfigs", "DescribeLiveStreamAuthChecking":
		f.mustCall("BatchSetLiveDomainConfigs", valid["BatchSetLiveDomainConfigs"]...)
	case "DescribeLiveStreamsBlockList":
		f.mustCall("ForbidLiveStream", valid["ForbidLiveStream"]...)
		f.mustCall("ForbidLiveStream", append(slices.Clone(valid["ForbidLiveStream"]), "AppName=game", "ResumeTime=2026-11-24T00:00:00Z")...)
	case "DescribeLiveStreamState", "DescribeLiveStreamsOnlineList":
		f.streams.push(pushDomain, playDomain, "live", "show")
	case "DescribeLiveStreamsPublishList":
		if f.memory == nil {
			f.addPastSessions()
		}
	case "DescribeLiveRecordNotifyRecords":
		if f.memory == nil {
			f.addNotifyRecords()
		}
	case "DescribeLiveStreamsNotifyRecords":
		if f.memory == nil {
			f.addStreamsNotifyRecord()
		}
	case "DeleteLiveStreamsNotifyUrlConfig", "DescribeLiveStreamsNotifyUrlConfig":
		f.mustCall("SetLiveStreamsNotifyUrlConfig", valid["SetLiveStreamsNotifyUrlConfig"]...)
	case "CreateLiveStreamRecordIndexFiles":
		f.addSlices()
	case "DeleteLiveStreamRecordIndexFiles", "DescribeLiveStreamRecordIndexFile", "DescribeLiveStreamRecordIndexFiles":
		f.addIndexFile(testIndexID, live.StreamKey{Domain: playDomain, App: "live", Stream: "show"})
	case "DescribeLiveStreamRecordContent":
		if f.memory == nil {
			f.addRecordContent()
		}
	case "DescribeLiveRecordConfig":
		f.mustCall("AddLiveAppRecordConfig", append(slices.Clone(valid["AddLiveAppRecordConfig"]), "RecordFormat.2.Format=flv",
			"RecordFormat.2.OssObjectPrefix={StartTime}{EndTime}", "RecordFormat.2.CycleDuration=5", "DelayTime=15", "OnDemand=7",
			"StreamName=show", "StartTime=2026-11-23T09:00:00Z", "EndTime=2026-11-24T09:00:00Z")...)
		f.now = f.now.Add(time.Minute)
		f.mustCall("AddLiveAppRecordConfig", valid["AddLiveAppRecordConfig"]...)
	}
	return f
}

// exampleRequestID stands for the ids that are drawn at random.
const exampleRequestID = "7D1E5B0C-2A4F-4C3E-9B6D-8F0A1C2E3D4B"

// randomID matches the ids of index files, which are drawn at random, too.
var randomID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// TestAnswersMatchTheExamples holds the answers of a valid call against the
// examples of the reference. With -update it writes them.
func TestAnswersMatchTheExamples(t *testing.T) {
	t.Parallel()
	called := slices.Clone(operations)
	called = append(called, &replayDeliveries)
	for _, op := range called {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			var requests string
			for _, format := range []string{"JSON", "XML"} {
				f := sqliteFixture(t, func(c *Config) { c.Replays = &fakeReplays{} }).prepare(op.name)
				p := f.sign(testKey, "GET", params(op.name, valid[op.name]...).With("Format", format))
				a := f.send(httptest.NewRequest("GET", "/?"+p.Encode(), nil))
				if a.status != 200 {
					t.Fatalf("%d %s", a.status, a.body)
				}
				got := strings.ReplaceAll(a.body, a.header.Get("x-acs-request-id"), exampleRequestID) + "\n"
				if op.name == "CreateLiveStreamRecordIndexFiles" {
					got = randomID.ReplaceAllString(got, testIndexID)
				}
				golden(t, op.name+"."+strings.ToLower(format), got)
				requests += "GET /?" + p.Encode() + " HTTP/1.1\n"
			}
			golden(t, op.name+".request", requests)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("examples", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\n got %s\nwant %s", file, got, want)
	}
}

// An errorCase provokes one error: the parameters are those of valid, with these
// set, or removed where only a name is given.
type errorCase struct {
	action string
	name   string
	change []string
	want   *apierr.Error
	ready  func(f *fixture)
}

// twice sends valid parameters before the case does.
func twice(action string) func(f *fixture) {
	return func(f *fixture) { f.mustCall(action, valid[action]...) }
}

func errorCases() []errorCase {
	long := strings.Repeat("x", 256)
	cases := []errorCase{
		{"AddLiveDomain", "wildcard", []string{"DomainName=.example.com"}, apierr.WildcardNotSupported, nil},
		{"AddLiveDomain", "one label", []string{"DomainName=localhost"}, apierr.InvalidDomainNameMalformed, nil},
		{"AddLiveDomain", "type of WebRTC domains", []string{"LiveDomainType=liveGrtnPub"}, apierr.Invalid("LiveDomainType"), nil},
		{"AddLiveDomain", "blank in the region", []string{"Region=cn shanghai"}, apierr.InvalidRegionMalformed, nil},
		{"AddLiveDomain", "unknown scope", []string{"Scope=lunar"}, apierr.InvalidScopeMalformed, nil},
		{"AddLiveDomain", "CheckUrl without scheme", []string{"CheckUrl=example.com/status"}, apierr.CheckURLMalformed, nil},
		{"AddLiveDomain", "top level domain that is no domain", []string{"TopLevelDomain=com"}, apierr.TopLevelDomainNotFound, nil},
		{"AddLiveDomain", "top level domain of others", []string{"TopLevelDomain=example.org"}, apierr.TopLevelDomainMismatch, nil},
		{"AddLiveDomain", "top level domain that only ends alike", []string{"TopLevelDomain=ample.com"}, apierr.TopLevelDomainMismatch, nil},
		{"AddLiveDomain", "resource group", []string{"ResourceGroupId=rg-1"}, apierr.ResourceGroupNotFound, nil},
		{"AddLiveDomain", "tag", []string{"Tag.1.Key=team", "Tag.1.Value=sports"}, apierr.Invalid("Tag"), nil},
		{"AddLiveDomain", "too many tags", []string{"Tag.22.Key=team"}, apierr.Invalid("Tag"), nil},
		{"AddLiveDomain", "domain that exists", []string{"DomainName=PLAY.example.com."}, apierr.DomainOccupied, nil},
		{"AddLiveDomain", "domain that others have", []string{"DomainName=" + foreignDomain}, apierr.DomainOccupied, nil},

		{"AddLiveDomainMapping", "unknown ingest domain", []string{"PushDomain=nowhere.example.com"}, apierr.InvalidDomainNotFound, nil},
		{"AddLiveDomainMapping", "streaming domain of others", []string{"PullDomain=" + foreignDomain}, apierr.InvalidDomainNotFound, nil},
		{"AddLiveDomainMapping", "streaming domain to push to", []string{"PushDomain=" + playDomain}, apierr.InvalidPushDomain, nil},
		{"AddLiveDomainMapping", "ingest domain to pull from", []string{"PullDomain=" + pushDomain}, apierr.InvalidPullDomain, nil},
		{"AddLiveDomainMapping", "mapped already", nil, apierr.ConfigAlreadyExists, twice("AddLiveDomainMapping")},

		{"AddLiveAppRecordConfig", "app of other characters", []string{"AppName=a/b"}, apierr.Invalid("AppName"), nil},
		{"AddLiveAppRecordConfig", "stream of other characters", []string{"StreamName=a b"}, apierr.Invalid("StreamName"), nil},
		{"AddLiveAppRecordConfig", "blank in the endpoint", []string{"OssEndpoint=oss cn"}, apierr.InvalidOSSEndpointMalformed, nil},
		{"AddLiveAppRecordConfig", "bucket in capitals", []string{"OssBucket=Recordings"}, apierr.InvalidOSSBucketMalformed, nil},
		{"AddLiveAppRecordConfig", "unknown bucket", []string{"OssBucket=no-such-bucket"}, apierr.InvalidOSSBucketNotFound, nil},
		{"AddLiveAppRecordConfig", "unknown OnDemand", []string{"OnDemand=3"}, apierr.Invalid("OnDemand"), nil},
		{"AddLiveAppRecordConfig", "OnDemand that is no number", []string{"OnDemand=auto"}, apierr.Invalid("OnDemand"), nil},
		{"AddLiveAppRecordConfig", "no format", []string{"RecordFormat.1.Format", "RecordFormat.1.OssObjectPrefix"}, apierr.Missing("RecordFormat"), nil},
		{"AddLiveAppRecordConfig", "four formats", []string{"RecordFormat.4.Format=flv"}, apierr.Invalid("RecordFormat"), nil},
		{"AddLiveAppRecordConfig", "unknown format", []string{"RecordFormat.1.Format=ts"}, apierr.InvalidFormatMalformed, nil},
		{"AddLiveAppRecordConfig", "format without a name", []string{"RecordFormat.1.Format"}, apierr.InvalidFormatMalformed, nil},
		{"AddLiveAppRecordConfig", "the same format twice", []string{"RecordFormat.2.Format=MP4", "RecordFormat.2.OssObjectPrefix=" + testPrefix}, apierr.InvalidFormatIllegalOperation, nil},
		{"AddLiveAppRecordConfig", "cycle of 4 seconds", []string{"RecordFormat.1.CycleDuration=4"}, apierr.InvalidCycleDurationMalformed, nil},
		{"AddLiveAppRecordConfig", "cycle of more than 6 hours", []string{"RecordFormat.1.CycleDuration=21601"}, apierr.InvalidCycleDurationMalformed, nil},
		{"AddLiveAppRecordConfig", "cycle that is no number", []string{"RecordFormat.1.CycleDuration=1h"}, apierr.InvalidCycleDurationMalformed, nil},
		{"AddLiveAppRecordConfig", "no template", []string{"RecordFormat.1.OssObjectPrefix"}, apierr.MissingOSSObjectPrefix, nil},
		{"AddLiveAppRecordConfig", "template without times", []string{"RecordFormat.1.OssObjectPrefix={StreamName}"}, apierr.InvalidOSSObjectPrefixMalformed, nil},
		{"AddLiveAppRecordConfig", "template of 256 bytes", []string{"RecordFormat.1.OssObjectPrefix=" + (testPrefix + long)[:256]}, apierr.InvalidOSSObjectPrefixMalformed, nil},
		{"AddLiveAppRecordConfig", "template that leaves the bucket", []string{"RecordFormat.1.OssObjectPrefix=../{StartTime}{EndTime}"}, apierr.InvalidOSSObjectPrefixMalformed, nil},
		{"AddLiveAppRecordConfig", "slices of 4 seconds", []string{"RecordFormat.1.SliceDuration=4"}, apierr.InvalidSliceDurationMalformed, nil},
		{"AddLiveAppRecordConfig", "slice duration that is no number", []string{"RecordFormat.1.SliceDuration=x"}, apierr.InvalidSliceDurationMalformed, nil},
		{"AddLiveAppRecordConfig", "slices of 31 seconds", []string{"RecordFormat.1.SliceDuration=31"}, apierr.InvalidSliceDurationMalformed, nil},
		{"AddLiveAppRecordConfig", "m3u8 slices without a template", []string{"RecordFormat.1.Format=m3u8"}, apierr.MissingSliceOSSObjectPrefix, nil},
		{"AddLiveAppRecordConfig", "cmaf slices without a template", []string{"RecordFormat.1.Format=cmaf"}, apierr.MissingSliceOSSObjectPrefix, nil},
		{"AddLiveAppRecordConfig", "slice template without a number", []string{"RecordFormat.1.SliceOssObjectPrefix={UnixTimestamp}"}, apierr.InvalidSliceObjectPrefixMalformed, nil},
		{"AddLiveAppRecordConfig", "template named raw", []string{"TranscodeTemplates.1=sd", "TranscodeTemplates.2=raw"}, apierr.InvalidTemplateForbidRaw, nil},
		{"AddLiveAppRecordConfig", "transcoded formats without templates", []string{"TranscodeRecordFormat.1.Format=mp4"}, apierr.MissingTemplate, nil},
		{"AddLiveAppRecordConfig", "transcoded formats", []string{"TranscodeRecordFormat.1.Format=mp4", "TranscodeTemplates.1=sd"}, apierr.InvalidParameter("TranscodeTemplates"), nil},
		{"AddLiveAppRecordConfig", "four transcoded formats", []string{"TranscodeRecordFormat.4.Format=mp4"}, apierr.Invalid("TranscodeRecordFormat"), nil},
		{"AddLiveAppRecordConfig", "eleven templates", []string{"TranscodeTemplates.11=sd"}, apierr.InvalidTemplateLengthMalformed, nil},
		{"AddLiveAppRecordConfig", "delay of 14 seconds", []string{"DelayTime=14"}, apierr.InvalidDelayTime, nil},
		{"AddLiveAppRecordConfig", "delay of more than 6 hours", []string{"DelayTime=21601"}, apierr.InvalidDelayTime, nil},
		{"AddLiveAppRecordConfig", "delay that is no number", []string{"DelayTime=3m"}, apierr.InvalidDelayTime, nil},
		{"AddLiveAppRecordConfig", "start without a zone", []string{"StartTime=2026-11-23T08:00:00"}, apierr.InvalidStartTimeMalformed, nil},
		{"AddLiveAppRecordConfig", "end with a fraction", []string{"EndTime=2026-11-23T08:00:00.5Z"}, apierr.InvalidEndTimeMalformed, nil},
		{"AddLiveAppRecordConfig", "start in 8 days", []string{"StartTime=2026-12-01T08:00:00Z"}, apierr.InvalidStartTimeMismatch, nil},
		{"AddLiveAppRecordConfig", "start 8 days ago", []string{"StartTime=2026-11-15T08:00:00Z"}, apierr.InvalidStartTimeMismatch, nil},
		{"AddLiveAppRecordConfig", "end at the start", []string{"StartTime=2026-11-23T09:00:00Z", "EndTime=2026-11-23T09:00:00Z"}, apierr.InvalidEndTimeMismatch, nil},
		{"AddLiveAppRecordConfig", "end that has passed", []string{"EndTime=2026-11-23T08:00:00Z"}, apierr.InvalidEndTimeMismatch, nil},
		{"AddLiveAppRecordConfig", "config that exists", nil, apierr.ConfigAlreadyExists, twice("AddLiveAppRecordConfig")},
		{"AddLiveAppRecordConfig", "config that exists, its stream spelt out", []string{"StreamName=*"}, apierr.ConfigAlreadyExists, twice("AddLiveAppRecordConfig")},

		{"UpdateLiveAppRecordConfig", "config of another stream", []string{"StreamName=show"}, apierr.InvalidConfigNotFound, nil},
		{"UpdateLiveAppRecordConfig", "blank in the endpoint", []string{"OssEndpoint=oss cn"}, apierr.InvalidOSSEndpointMalformed, nil},
		{"UpdateLiveAppRecordConfig", "unknown OnDemand", []string{"OnDemand=3"}, apierr.Invalid("OnDemand"), nil},
		{"UpdateLiveAppRecordConfig", "OnDemand that is no number", []string{"OnDemand=auto"}, apierr.Invalid("OnDemand"), nil},
		{"UpdateLiveAppRecordConfig", "four formats", []string{"RecordFormat.4.Format=flv"}, apierr.Invalid("RecordFormat"), nil},
		{"UpdateLiveAppRecordConfig", "unknown format", []string{"RecordFormat.1.Format=ts"}, apierr.InvalidFormatMalformed, nil},
		{"UpdateLiveAppRecordConfig", "format that the config lacks", []string{"RecordFormat.1.Format=flv"}, apierr.MissingOSSObjectPrefix, nil},
		{"UpdateLiveAppRecordConfig", "the same format twice", []string{"RecordFormat.2.Format=MP4"}, apierr.InvalidFormatIllegalOperation, nil},
		{"UpdateLiveAppRecordConfig", "cycle of 4 seconds", []string{"RecordFormat.1.CycleDuration=4"}, apierr.InvalidCycleDurationMalformed, nil},
		{"UpdateLiveAppRecordConfig", "slices of 31 seconds", []string{"RecordFormat.1.SliceDuration=31"}, apierr.InvalidSliceDurationMalformed, nil},
		{"UpdateLiveAppRecordConfig", "template named raw", []string{"TranscodeTemplates.1=raw"}, apierr.InvalidTemplateForbidRaw, nil},
		{"UpdateLiveAppRecordConfig", "eleven templates", []string{"TranscodeTemplates.11=sd"}, apierr.InvalidTemplateLengthMalformed, nil},
		{"UpdateLiveAppRecordConfig", "template", []string{"TranscodeTemplates.1=sd"}, apierr.InvalidParameter("TranscodeTemplates"), nil},
		{"UpdateLiveAppRecordConfig", "transcoded formats without templates", []string{"TranscodeRecordFormat.1.Format=mp4"}, apierr.MissingTemplate, nil},
		{"UpdateLiveAppRecordConfig", "four transcoded formats", []string{"TranscodeRecordFormat.4.Format=mp4"}, apierr.Invalid("TranscodeRecordFormat"), nil},
		{"UpdateLiveAppRecordConfig", "delay of 14 seconds", []string{"DelayTime=14"}, apierr.InvalidDelayTime, nil},
		{"UpdateLiveAppRecordConfig", "start without a zone", []string{"StartTime=2026-11-23T08:00:00"}, apierr.InvalidStartTimeMalformed, nil},
		{"UpdateLiveAppRecordConfig", "end with a fraction", []string{"EndTime=2026-11-23T08:00:00.5Z"}, apierr.InvalidEndTimeMalformed, nil},
		{"UpdateLiveAppRecordConfig", "start in 8 days", []string{"StartTime=2026-12-01T08:00:00Z"}, apierr.InvalidStartTimeMismatch, nil},
		{"UpdateLiveAppRecordConfig", "end that has passed", []string{"EndTime=2026-11-23T08:00:00Z"}, apierr.InvalidEndTimeMismatch, nil},
		{"DeleteLiveAppRecordConfig", "config of another stream", []string{"StreamName=show"}, apierr.InvalidConfigNotFound, nil},

		{"DescribeLiveRecordNotifyRecords", "start without a zone", []string{"StartTime=2026-11-23T08:00:00"}, apierr.MalformedParams("StartTime"), nil},
		{"DescribeLiveRecordNotifyRecords", "end that is no time", []string{"EndTime=now"}, apierr.MalformedParams("EndTime"), nil},
		{"DescribeLiveRecordNotifyRecords", "end at the start", []string{"EndTime=2026-11-23T00:00:00Z"}, apierr.MalformedParams("EndTime"), nil},
		{"DescribeLiveRecordNotifyRecords", "unknown status", []string{"Status=pending"}, apierr.MalformedParams("Status"), nil},
		{"DescribeLiveRecordNotifyRecords", "unknown storage", []string{"StorageType=tape"}, apierr.MalformedParams("StorageType"), nil},
		{"DescribeLiveRecordNotifyRecords", "page that is no number", []string{"PageNumber=first"}, apierr.MalformedParams("PageNumber"), nil},
		{"DescribeLiveRecordNotifyRecords", "size that is no number", []string{"PageSize=all"}, apierr.MalformedParams("PageSize"), nil},

		{"SetLiveStreamsNotifyUrlConfig", "no URL", []string{"NotifyUrl"}, apierr.Missing("NotifyUrl"), nil},
		{"SetLiveStreamsNotifyUrlConfig", "malformed URL", []string{"NotifyUrl=malformed"}, apierr.StreamsNotifyURLMalformed, nil},
		{"SetLiveStreamsNotifyUrlConfig", "unsafe URL", []string{"NotifyUrl=http://unsafe/"}, apierr.InvalidNotifyURLUnsafe, nil},
		{"SetLiveStreamsNotifyUrlConfig", "URL for exceptions", []string{"ExceptionNotifyUrl=http://cb.example.com/"}, apierr.InvalidParam, nil},
		{"SetLiveStreamsNotifyUrlConfig", "URL for switches", []string{"SwitchNotifyUrl=http://cb.example.com/"}, apierr.InvalidParam, nil},
		{"SetLiveStreamsNotifyUrlConfig", "auth that is no boolean", []string{"NotifyReqAuth=perhaps"}, apierr.Invalid("NotifyReqAuth"), nil},
		{"SetLiveStreamsNotifyUrlConfig", "auth without a key", []string{"NotifyAuthKey"}, apierr.MissingNotifyAuthKey, nil},
		{"SetLiveStreamsNotifyUrlConfig", "short key", []string{"NotifyAuthKey=123456"}, apierr.InvalidNotifyAuthKeyMalformed, nil},
		{"DescribeLiveStreamsNotifyRecords", "start without a zone", []string{"StartTime=2026-11-23T08:00:00"}, apierr.StartTimeNotValid, nil},
		{"DescribeLiveStreamsNotifyRecords", "end that is no time", []string{"EndTime=now"}, apierr.EndTimeNotValid, nil},
		{"DescribeLiveStreamsNotifyRecords", "end at the start", []string{"EndTime=2026-11-23T00:00:00Z"}, apierr.NotifyEndTimeMismatch, nil},
		{"DescribeLiveStreamsNotifyRecords", "start more than 7 days ago", []string{"StartTime=2026-11-16T07:59:59Z"}, apierr.NotifyDurationExceed, nil},
		{"DescribeLiveStreamsNotifyRecords", "unknown status", []string{"Status=pending"}, apierr.InvalidParam, nil},
		{"DescribeLiveStreamsNotifyRecords", "page that is no number", []string{"PageNumber=first"}, apierr.InvalidParam, nil},
		{"DescribeLiveStreamsNotifyRecords", "size that is no number", []string{"PageSize=all"}, apierr.InvalidParam, nil},

		{"RealTimeRecordCommand", "every app", []string{"AppName=*"}, apierr.MalformedParam("AppName"), nil},
		{"RealTimeRecordCommand", "every stream", []string{"StreamName=*"}, apierr.MalformedParam("StreamName"), nil},
		{"RealTimeRecordCommand", "command in capitals", []string{"Command=START"}, apierr.MalformedParam("Command"), nil},
		{"RealTimeRecordCommand", "stream that no config matches", []string{"StreamName=unmatched"}, apierr.CodeConfigNotFound, nil},
		{"RealTimeRecordCommand", "stream that is offline", []string{"StreamName=offline"}, apierr.StreamNotFound, nil},
		{"RealTimeRecordCommand", "stream that is recorded already", []string{"StreamName=recorded"}, apierr.TaskAlreadyStarted, nil},
		{"RealTimeRecordCommand", "stream that is not recorded", []string{"StreamName=stopped"}, apierr.TaskNotStarted, nil},

		{"DescribeLiveRecordConfig", "order by name", []string{"Order=name"}, apierr.Invalid("Order"), nil},
		{"DescribeLiveRecordConfig", "page that is no number", []string{"PageNum=first"}, apierr.Invalid("PageNum"), nil},
		{"DescribeLiveRecordConfig", "size that is no number", []string{"PageSize=all"}, apierr.Invalid("PageSize"), nil},

		{"AddLiveRecordNotifyConfig", "config that exists", nil, apierr.ConfigAlreadyExists, twice("AddLiveRecordNotifyConfig")},
		{"AddLiveRecordNotifyConfig", "auth without a key", []string{"NotifyReqAuth=true"}, apierr.MissingNotifyAuthKey, nil},
		{"UpdateLiveRecordNotifyConfig", "auth with the key cleared", []string{"NotifyReqAuth=true", "NotifyAuthKey="}, apierr.MissingNotifyAuthKey, nil},
	}
	cases = append(cases, streamErrorCases()...)
	// What the operations on notify configs share.
	cases = append(cases, indexErrorCases()...)
	for _, action := range []string{"AddLiveRecordNotifyConfig", "UpdateLiveRecordNotifyConfig"} {
		cases = append(cases,
			errorCase{action, "malformed NotifyUrl", []string{"NotifyUrl=malformed"}, apierr.InvalidNotifyURLMalformed, nil},
			errorCase{action, "unsafe NotifyUrl", []string{"NotifyUrl=http://unsafe/"}, apierr.InvalidNotifyURLUnsafe, nil},
			errorCase{action, "malformed OnDemandUrl", []string{"OnDemandUrl=malformed"}, apierr.InvalidOnDemandURLMalformed, nil},
			errorCase{action, "unsafe OnDemandUrl", []string{"OnDemandUrl=http://unsafe/"}, apierr.InvalidOnDemandURLUnsafe, nil},
			errorCase{action, "key of 15 characters", []string{"NotifyAuthKey=testkeyyourkey1"}, apierr.InvalidNotifyAuthKeyMalformed, nil},
			errorCase{action, "key of 65 characters", []string{"NotifyAuthKey=" + long[:65]}, apierr.InvalidNotifyAuthKeyMalformed, nil},
			errorCase{action, "key with a hyphen", []string{"NotifyAuthKey=testkey-yourkey-1"}, apierr.InvalidNotifyAuthKeyMalformed, nil},
			errorCase{action, "NeedStatusNotify that is no boolean", []string{"NeedStatusNotify=perhaps"}, apierr.Invalid("NeedStatusNotify"), nil},
			errorCase{action, "NotifyReqAuth that is no boolean", []string{"NotifyReqAuth=2"}, apierr.Invalid("NotifyReqAuth"), nil},
		)
	}
	for _, action := range []string{"DeleteLiveStreamsNotifyUrlConfig", "DescribeLiveStreamsNotifyUrlConfig"} {
		cases = append(cases, errorCase{action, "no config", nil, apierr.InvalidConfigNotFound, func(f *fixture) {
			f.mustCall("DeleteLiveStreamsNotifyUrlConfig", "DomainName="+pushDomain)
		}})
	}
	for _, action := range []string{"DeleteLiveRecordNotifyConfig", "DescribeLiveRecordNotifyConfig", "UpdateLiveRecordNotifyConfig"} {
		cases = append(cases, errorCase{action, "no config", nil, apierr.InvalidConfigNotFound, func(f *fixture) {
			f.mustCall("DeleteLiveRecordNotifyConfig", "DomainName="+playDomain)
		}})
	}
	// What every operation has in common: its domain, its mandatory parameters
	// and a store that fails.
	for _, op := range operations {
		for _, f := range wire.Fields(op.request) {
			if f.Required && f.Max == 0 {
				cases = append(cases,
					errorCase{op.name, "without " + f.Name, []string{f.Name}, apierr.Missing(f.Name), nil},
					errorCase{op.name, "with empty " + f.Name, []string{f.Name + "="}, apierr.Missing(f.Name), nil})
			}
		}
		ofDomain := slices.ContainsFunc(wire.Fields(op.request), func(f wire.Field) bool { return f.Name == "DomainName" })
		if ofDomain && op.declares(apierr.InvalidDomainNotFound) {
			cases = append(cases,
				errorCase{op.name, "unknown domain", []string{"DomainName=nowhere.example.com"}, apierr.InvalidDomainNotFound, nil},
				errorCase{op.name, "domain of others", []string{"DomainName=" + foreignDomain}, apierr.InvalidDomainNotFound, nil})
		}
		if op.declares(apierr.IllegalOperation) {
			wrong := pushDomain // without a mapping
			if slices.Contains(valid[op.name], "DomainName="+pushDomain) {
				wrong = playDomain
			}
			cases = append(cases, errorCase{op.name, "domain of the wrong type", []string{"DomainName=" + wrong}, apierr.IllegalOperation, nil})
		}
		cases = append(cases,
			errorCase{op.name, "store that cannot write", nil, apierr.ServiceUnavailable, failingStore(store.ErrUnavailable)},
			errorCase{op.name, "commit of unknown outcome", nil, apierr.InternalError, failingStore(store.ErrUncertain)},
			errorCase{op.name, "broken store", nil, apierr.InternalError, failingStore(errors.New("disk on fire"))})
	}
	return cases
}

// failingStore lets the store answer who the caller is, and fail then.
func failingStore(err error) func(f *fixture) {
	return func(f *fixture) {
		asked := 0
		f.memory.fail = func() error {
			if asked++; asked == 1 {
				return nil
			}
			return err
		}
	}
}

func (c errorCase) params() wire.Params {
	p := params(c.action, valid[c.action]...)
	for _, change := range c.change {
		name, value, set := strings.Cut(change, "=")
		if p = p.Without(name); set {
			p = p.With(name, value)
		}
	}
	return p
}

func TestEveryDeclaredErrorCanBeProvoked(t *testing.T) {
	t.Parallel()
	type key struct{ action, code, message string }
	provoked := map[key]bool{}
	for _, c := range errorCases() {
		provoked[key{c.action, c.want.Code, c.want.Message}] = true
		provoked[key{c.action, c.want.Code, ""}] = true // whatever name is filled in
		t.Run(c.action+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t).prepare(c.action)
			if c.ready != nil {
				c.ready(f)
			}
			f.call(c.params()).wantError(t, c.want)
		})
	}
	for _, op := range operations {
		for _, e := range op.declared() {
			k := key{op.name, e.Code, e.Message}
			if strings.Contains(e.Message, "%s") {
				k.message = ""
			}
			if !provoked[k] {
				t.Errorf("%s declares %v, which no case provokes", op.name, e)
			}
		}
	}
}

func TestTheTableIsSortedAndDocumentsEveryField(t *testing.T) {
	t.Parallel()
	if !slices.IsSortedFunc(operations, func(a, b *operation) int { return cmp.Compare(a.name, b.name) }) {
		t.Error("operations are not sorted by name")
	}
	for _, op := range operations {
		if op.name == "" || op.summary == "" || op.qps <= 0 || op.access == "" || op.resource == "" || op.run == nil {
			t.Errorf("row of %q is incomplete", op.name)
		}
		want := fieldNames(op.request, "")
		var got []string
		for _, p := range op.params {
			got = append(got, p.name)
			if p.about == "" {
				t.Errorf("%s: %s has no description", op.name, p.name)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s documents %v\nand decodes %v", op.name, got, want)
		}
		wire.Fields(op.response) // panics on a bad tag
		declared := map[apierr.Error]bool{}
		for _, e := range op.errs {
			if declared[*e] {
				t.Errorf("%s declares %v twice", op.name, e)
			}
			declared[*e] = true
		}
	}
}

// fieldNames lists the fields of a request struct as they are documented.
func fieldNames(t reflect.Type, prefix string) (names []string) {
	for _, f := range wire.Fields(t) {
		names = append(names, prefix+f.Name)
		if f.Max > 0 && f.Type.Elem().Kind() == reflect.Struct {
			names = append(names, fieldNames(f.Type.Elem(), prefix+f.Name+".N.")...)
		}
	}
	return names
}

// A documented operation is what the vendor's schema says of it.
type documented struct {
	Parameters []struct {
		Name, Type  string
		Required    bool
		Constraints struct{ MaxItems int }
		Items       []struct{ Name, Type string }
	}
	Response map[string]documentedMember
	Errors   []struct {
		HTTP          int
		Code, Message string
	}
	QPS string `json:"qps_limit_per_account"`
}

type documentedMember struct {
	Type   string
	Fields map[string]documentedMember
	Items  map[string]documentedMember
}

// notDeclared explains the documented errors that this server never gives.
var notDeclared = map[string]string{
	"Forbidden":                    "policies refuse before the operation is looked at, so that every call can meet it",
	"Live2Vod.ConfigAlreadyExists": "nothing is recorded to VOD",

	"DescribeLiveRecordNotifyRecords InvalidParams":                   "no parameter is JSON",
	"DescribeLiveRecordNotifyRecords MissingParams":                   "the parameter is named in the code, as all operations do",
	"SetLiveStreamsNotifyUrlConfig ConfigAlreadyExists":               "what was set before is replaced",
	"DeleteLiveAppRecordConfig InvalidRegion":                         "one server is one site",
	"RealTimeRecordCommand MissingParam":                              "the older generation names the parameter in the code, as all operations do",
	"RealTimeRecordCommand InvalidStream.NotFound":                    "of the older generation; now StreamNotFound",
	"RealTimeRecordCommand InvalidConfig.NotFound":                    "of the older generation; now CodeConfigNotFound",
	"UpdateLiveAppRecordConfig InvalidOssBucket.Malformed":            "no parameter holds a bucket",
	"UpdateLiveAppRecordConfig InvalidOssBucket.NotFound":             "no parameter holds a bucket",
	"UpdateLiveAppRecordConfig InvalidOssObjectPrefix.Malformed":      "no parameter holds an object name",
	"UpdateLiveAppRecordConfig InvalidSliceOssObjectPrefix.Malformed": "no parameter holds an object name",
	"UpdateLiveAppRecordConfig MissingSliceOssObjectPrefix":           "no parameter holds an object name, and a format that the config lacks is MissingOssObjectPrefix",
	"UpdateLiveAppRecordConfig ConfigAlreadyExists":                   "nothing is added",

	"BatchDeleteLiveDomainConfigs Invalid%s.ValueNotSupported": "InvalidFunctionName.ValueNotSupported",
	"DescribeLiveDomainConfigs Invalid%s.ValueNotSupported":    "InvalidFunctionName.ValueNotSupported",
	"BatchSetLiveDomainConfigs Invalid%s.ValueNotSupported":    "InvalidFunctionName.ValueNotSupported",
	"BatchSetLiveDomainConfigs Invalid%s.Malformed":            "filled in with the name of the argument",
	"BatchSetLiveDomainConfigs MissingParameter%s":             "filled in with the name of the argument",
	"BatchSetLiveDomainConfigs FunctionMutex":                  "there is one function",
	"BatchSetLiveDomainConfigs RewriteHostRely":                "there are no origins",
	"BatchSetLiveDomainConfigs ConfigurationConflicts":         "there is no staging environment",
	"DeleteLiveDomain InvalidParameter":                        "one server is one site",
	"DeleteLiveDomain InvalidOperation":                        "no domain is ever configuring",
	"DescribeLiveStreamsOnlineList InvalidStartTime.Malformed": "no parameter holds a time",
	"DescribeLiveStreamsOnlineList InvalidEndTime.Malformed":   "no parameter holds a time",
	"DescribeLiveStreamsOnlineList InvalidEndTime.Mismatch":    "no parameter holds a time",
	"DescribeLiveStreamsOnlineList Duration.Exceed":            "no parameter holds a time",
	"DescribeLiveStreamsOnlineList QpsOverLimit":               "the rate is that of the account",
	"DescribeLiveStreamsPublishList QpsOverLimit":              "the rate is that of the account",
}

// optionalHere explains why parameters that are documented as mandatory may be
// absent.
var optionalHere = map[string]string{
	"DescribeLiveRecordNotifyRecords PageNumber": "it is documented with a default, too",
	"DescribeLiveRecordNotifyRecords PageSize":   "it is documented with a default, too",
}

// otherRates explains where the documentation has two rates.
var otherRates = map[string]string{
	"DescribeLiveStreamsNotifyUrlConfig": "1000 a minute, or 1000 a second in newer pages",
}

// messages that differ from the documented ones, and why.
var otherWords = map[string]string{
	"InvalidOssEndpoint.Malformed":          "documented as %s, to be filled in",
	"InvalidParams":                         "documented as %s by one operation, to be filled in",
	"MalformedParams":                       "documented as %s, to be filled in",
	"MalformedParam":                        "documented as %s, to be filled in",
	"CodeConfigNotFound":                    "documented as %s, to be filled in",
	"StreamNotFound":                        "documented as %s, to be filled in",
	"TaskAlreadyStarted":                    "documented as %s, to be filled in",
	"InvalidFunctionName.ValueNotSupported": "documented with a slip, unctionName, and without brackets by one operation",
	"InvalidArgName.ValueNotSupported":      "documented as %s, to be filled in",
	"MissingCommand":                        "documented with a slip, as mandatory for this Command",
	"InternalError":                         "worded differently by some operations",
	"InvalidDomain.NotFound":                "one operation words it differently and has 400; the common table wins",
}

// vendorOnly are errors of AddLiveDomain about what a self-hosted server does
// not have: origins, certificates, filings, quotas, owner checks, the vendor's
// accounts.
var vendorOnly = strings.Fields(`InvalidSource.Content.Malformed InvalidTypeContent.Mismatch MissingSource.Content
	MissingSource.Type InvalidSource.Type.Malformed InvalidSource.Priority.Malformed SourceIp.Exceed InvalidCertificate
	InvalidCertificate.TooLong InnerAddDomainDenied CheckSourceHealthFailed ExtensiveAndAllBothExist
	ExtensiveAndSpecificDomainConflict InvalidDomainNameLevel InvalidStatus.ResourceGroup NotInternationRealIdentity
	RecordCheckNotAvailable IcpBlack IspBlack DomainNotRecordedAliyun DomainOwnerVerifyFail
	InvalidResourceGroupId.Malformed DomainReserved ExceedLimit AccountException InvalidUser`)

func TestTheTableAgreesWithTheDocumentation(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/operations.json")
	if err != nil {
		t.Fatal(err)
	}
	var docs map[string]documented
	if err := json.Unmarshal(b, &docs); err != nil {
		t.Fatal(err)
	}
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			doc, ok := docs[op.name]
			if !ok {
				t.Fatal("not documented")
			}
			if want := documentedRate(t, doc.QPS); op.qps != want && otherRates[op.name] == "" {
				t.Errorf("rate %d/s, documented %s", op.qps, doc.QPS)
			}
			compareParameters(t, op, doc)
			compareErrors(t, op, doc)
			response := documentedMember{Fields: doc.Response}
			delete(response.Fields, "RequestId")
			compareResponse(t, op.name, op.response, response.Fields)
		})
	}
}

// documentedRate returns the whole calls a second of a rate such as 30/s,
// 500/min or 20/s (with a remark).
func documentedRate(t *testing.T, rate string) int {
	t.Helper()
	rate, _, _ = strings.Cut(rate, " ")
	count, unit, _ := strings.Cut(rate, "/")
	n, err := strconv.Atoi(count)
	if err != nil {
		t.Fatalf("rate %q: %v", rate, err)
	}
	if unit == "min" {
		n /= 60
	}
	return n
}

func compareParameters(t *testing.T, op *operation, doc documented) {
	t.Helper()
	fields := map[string]wire.Field{}
	for _, f := range wire.Fields(op.request) {
		fields[f.Name] = f
	}
	for _, p := range doc.Parameters {
		switch p.Name {
		case "OwnerId", "OwnerAccount", "SecurityToken":
			continue // common to all operations, and ignored
		}
		f, ok := fields[p.Name]
		delete(fields, p.Name)
		switch {
		case !ok:
			t.Errorf("parameter %s is not decoded", p.Name)
		case f.Required != p.Required && optionalHere[op.name+" "+p.Name] == "":
			t.Errorf("parameter %s: required %t, documented %t", p.Name, f.Required, p.Required)
		case f.Max != p.Constraints.MaxItems:
			t.Errorf("parameter %s: at most %d, documented %d", p.Name, f.Max, p.Constraints.MaxItems)
		case !sameType(f.Type, p.Type):
			t.Errorf("parameter %s is a %s, documented %s", p.Name, f.Type, p.Type)
		}
		if len(p.Items) == 0 || !ok {
			continue
		}
		items := wire.Fields(f.Type.Elem())
		if len(items) != len(p.Items) {
			t.Errorf("parameter %s: %d members, documented %d", p.Name, len(items), len(p.Items))
		}
		for _, item := range p.Items {
			if !slices.ContainsFunc(items, func(f wire.Field) bool { return f.Name == item.Name && sameType(f.Type, item.Type) }) {
				t.Errorf("parameter %s.N.%s is missing or of another type", p.Name, item.Name)
			}
		}
	}
	for name := range fields {
		t.Errorf("parameter %s is not documented", name)
	}
}

// sameType compares a Go type with a documented one. Times are documented as
// strings.
func sameType(t reflect.Type, doc string) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time](), t.Kind() == reflect.String:
		return doc == "string"
	case t.Kind() == reflect.Bool:
		return doc == "boolean"
	case t.Kind() == reflect.Int32, t.Kind() == reflect.Int:
		return doc == "integer(int32)"
	case t.Kind() == reflect.Float32:
		return doc == "number(float)"
	case t.Kind() == reflect.Int64:
		return doc == "integer(int64)"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return doc == "array<object>"
	case t.Kind() == reflect.Slice:
		return doc == "array<string>"
	case t.Kind() == reflect.Struct:
		return doc == "object"
	}
	return false
}

func compareErrors(t *testing.T, op *operation, doc documented) {
	t.Helper()
	declared := map[string]*apierr.Error{}
	for _, e := range op.declared() {
		declared[e.Code] = e
	}
	for _, want := range doc.Errors {
		got := declared[want.Code]
		switch {
		case got == nil && (notDeclared[want.Code] != "" || notDeclared[op.name+" "+want.Code] != "" || slices.Contains(vendorOnly, want.Code)):
		case got == nil:
			t.Errorf("error %s is not declared", want.Code)
		case otherWords[want.Code] != "":
		case got.Status != want.HTTP || got.Message != want.Message:
			t.Errorf("error %s is %d %q, documented %d %q", want.Code, got.Status, got.Message, want.HTTP, want.Message)
		}
	}
}

func compareResponse(t *testing.T, path string, got reflect.Type, want map[string]documentedMember) {
	t.Helper()
	fields := wire.Fields(got)
	if len(fields) != len(want) {
		t.Errorf("%s has %d members, documented %d", path, len(fields), len(want))
	}
	for _, f := range fields {
		member, ok := want[f.Name]
		switch {
		case !ok:
			t.Errorf("%s.%s is not documented", path, f.Name)
		case !sameType(f.Type, member.Type):
			t.Errorf("%s.%s is a %s, documented %s", path, f.Name, f.Type, member.Type)
		case f.Type.Kind() == reflect.Struct:
			compareResponse(t, path+"."+f.Name, f.Type, member.Fields)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			compareResponse(t, path+"."+f.Name, f.Type.Elem(), member.Items)
		}
	}
}

func TestKeysOfOneAccountSeeTheSameDomains(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	if a := f.callAs(otherKey, params("AddLiveRecordNotifyConfig", "DomainName="+foreignDomain, "NotifyUrl=http://cb.example.com/")); a.code != "" {
		t.Fatalf("owner: %s", a.body)
	}
	second := sign.Key{ID: "second", Secret: "secondsecret"}
	ctx := t.Context()
	err := f.store.Update(ctx, func(tx store.Tx) error {
		return tx.PutAccessKey(ctx, live.AccessKey{ID: second.ID, Secret: second.Secret, AccountID: "1002", Active: true})
	})
	if err != nil {
		t.Fatal(err)
	}
	p := params("DescribeLiveRecordNotifyConfig", "DomainName="+foreignDomain)
	if a := f.callAs(second, p); a.code != "" {
		t.Errorf("second key of the account: %s", a.body)
	}
	f.callAs(testKey, p).wantError(t, apierr.InvalidDomainNotFound)
}
