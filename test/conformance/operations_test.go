package conformance

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	v1 "github.com/aliyun/alibaba-cloud-sdk-go/services/live"
)

// An operation is one row of the suite.
type operation struct {
	action string
	newV1  any // the SDK's constructor of requests
	// setUp lists operations that have to succeed before, with their first
	// successful parameters.
	setUp []string
	// usual are parameters with which the operation succeeds; calls change them.
	usual params
	calls []call
}

// A call is made by every client. The calls of a row share a server and run in
// their order, with domains of their own for each client.
type call struct {
	name   string
	change params // set on top of the usual parameters; nil values remove
	code   string // "" where the call succeeds
	status int    // HTTP status of a refusal; 0 stands for 400
	values params // of the response, by path
}

// Domains in parameters; {id} tells the clients apart.
const (
	play    = "play-{id}.example.com"
	push    = "push-{id}.example.com"
	nowhere = "nowhere-{id}.example.com"
)

const (
	objectPrefix = "record/{AppName}/{StreamName}/{EscapedStartTime}_{EscapedEndTime}"
	notifyURL    = "https://93.184.215.14/recorded?a=1&b=2%203"
	linkLocalURL = "http://169.254.169.254/latest"
)

var (
	flv = params{"Format": "flv", "OssObjectPrefix": objectPrefix, "CycleDuration": 60}
	mp4 = params{"Format": "mp4", "OssObjectPrefix": objectPrefix}
)

// with returns p with one member changed.
func with(p params, name string, value any) params {
	p = maps.Clone(p)
	p[name] = value
	return p
}

// operations is sorted so that each row's setUp stands before it.
var operations = []operation{
	{
		action: "AddLiveDomain",
		newV1:  v1.CreateAddLiveDomainRequest,
		usual:  params{"DomainName": play, "LiveDomainType": "liveVideo", "Region": "cn-shanghai", "Scope": "global"},
		calls: []call{
			{name: "streaming domain"},
			{name: "the same again", code: "LockFail"},
			{name: "ingest domain", change: params{"DomainName": push, "LiveDomainType": "liveEdge"}},
			{name: "no name", change: params{"DomainName": nil}, code: "MissingDomainName"},
			{name: "no type", change: params{"LiveDomainType": nil}, code: "MissingLiveDomainType"},
			{name: "no region", change: params{"Region": nil}, code: "MissingRegion"},
			{name: "malformed name", change: params{"DomainName": "under_score.example.com"}, code: "InvalidDomainName.Malformed"},
			{name: "wildcard", change: params{"DomainName": ".example.com"}, code: "CdnTypeNotSupportExtensiveDomain"},
			{name: "unknown type", change: params{"LiveDomainType": "vod"}, code: "InvalidLiveDomainType"},
			{name: "malformed region", change: params{"Region": "Shanghai!"}, code: "InvalidRegion.Malformed"},
			{name: "unknown scope", change: params{"Scope": "lunar"}, code: "InvalidScope.Malformed"},
			{name: "malformed CheckUrl", change: params{"CheckUrl": "status.html"}, code: "Abs.CheckUrl.Malformed"},
			{name: "unknown top level domain", change: params{"TopLevelDomain": "com"}, code: "TopLevelDomain.NotFound"},
			{name: "another top level domain", change: params{"TopLevelDomain": "example.org"}, code: "TopLevelDomain.Mismatch"},
			{name: "resource group", change: params{"ResourceGroupId": "rg-1"}, code: "EntityNotExists.ResourceGroup"},
			{name: "tag", change: params{"Tag": []params{{"Key": "k", "Value": "v"}}}, code: "InvalidTag"},
		},
	},
	{
		action: "AddLiveDomainMapping",
		newV1:  v1.CreateAddLiveDomainMappingRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"PullDomain": play, "PushDomain": push},
		calls: []call{
			{name: "no streaming domain", change: params{"PullDomain": nil}, code: "MissingPullDomain"},
			{name: "no ingest domain", change: params{"PushDomain": nil}, code: "MissingPushDomain"},
			{name: "unknown domain", change: params{"PushDomain": nowhere}, code: "InvalidDomain.NotFound", status: 404},
			{name: "pushing to the streaming domain", change: params{"PushDomain": play}, code: "InvalidPushDomain"},
			{name: "pulling from the ingest domain", change: params{"PullDomain": push}, code: "InvalidPullDomain"},
			{name: "mapping"},
			{name: "the same again", code: "ConfigAlreadyExists"},
		},
	},
	{
		action: "AddLiveAppRecordConfig",
		newV1:  v1.CreateAddLiveAppRecordConfigRequest,
		setUp:  []string{"AddLiveDomain"},
		usual: params{"DomainName": play, "AppName": "live", "StreamName": "show", "OssBucket": "recordings", "OssEndpoint": "oss-cn-shanghai.aliyuncs.com",
			"OnDemand": 7, "DelayTime": 15, "RecordFormat": []params{flv, mp4}},
		calls: []call{
			{name: "config"},
			{name: "the same again", code: "ConfigAlreadyExists"},
			{name: "every stream", change: params{"StreamName": nil, "OnDemand": nil, "DelayTime": nil}},
			{name: "every stream again, spelt out", change: params{"StreamName": "*"}, code: "ConfigAlreadyExists"},
			{name: "no domain", change: params{"DomainName": nil}, code: "MissingDomainName"},
			{name: "no app", change: params{"AppName": nil}, code: "MissingAppName"},
			{name: "no bucket", change: params{"OssBucket": nil}, code: "MissingOssBucket"},
			{name: "no endpoint", change: params{"OssEndpoint": nil}, code: "MissingOssEndpoint"},
			{name: "unknown domain", change: params{"DomainName": nowhere}, code: "InvalidDomain.NotFound", status: 404},
			{name: "ingest domain", change: params{"DomainName": push}, code: "IllegalOperation", status: 403},
			{name: "malformed app", change: params{"AppName": "a/b"}, code: "InvalidAppName"},
			{name: "malformed stream", change: params{"StreamName": "a/b"}, code: "InvalidStreamName"},
			{name: "malformed endpoint", change: params{"OssEndpoint": "a b"}, code: "InvalidOssEndpoint.Malformed"},
			{name: "malformed bucket", change: params{"OssBucket": "No"}, code: "InvalidOssBucket.Malformed"},
			{name: "decision callback and formats with slices", change: params{"StreamName": "sliced", "OnDemand": 1, "RecordFormat": []params{
				{"Format": "m3u8", "OssObjectPrefix": objectPrefix, "SliceOssObjectPrefix": "{UnixTimestamp}_{Sequence}", "SliceDuration": 5},
				{"Format": "cmaf", "OssObjectPrefix": objectPrefix, "SliceOssObjectPrefix": "cmaf/{UnixTimestamp}_{Sequence}"}}}},
			{name: "unknown mode", change: params{"OnDemand": 3}, code: "InvalidOnDemand"},
			{name: "no slice template", change: params{"RecordFormat": []params{with(mp4, "Format", "m3u8")}}, code: "MissingSliceOssObjectPrefix"},
			{name: "no format", change: params{"RecordFormat": nil}, code: "MissingRecordFormat"},
			{name: "four formats", change: params{"RecordFormat": []params{flv, mp4, flv, mp4}}, code: "InvalidRecordFormat"},
			{name: "unknown format", change: params{"RecordFormat": []params{with(mp4, "Format", "avi")}}, code: "InvalidFormat.Malformed"},
			{name: "one format twice", change: params{"RecordFormat": []params{mp4, mp4}}, code: "InvalidFormat.IllegalOperation"},
			{name: "short cycle", change: params{"RecordFormat": []params{with(mp4, "CycleDuration", 1)}}, code: "InvalidCycleDuration.Malformed"},
			{name: "long slices", change: params{"RecordFormat": []params{with(mp4, "SliceDuration", 31)}}, code: "InvalidSliceDuration.Malformed"},
			{name: "no template", change: params{"RecordFormat": []params{{"Format": "mp4"}}}, code: "MissingOssObjectPrefix"},
			{name: "template without times", change: params{"RecordFormat": []params{with(mp4, "OssObjectPrefix", "{StreamName}")}}, code: "InvalidOssObjectPrefix.Malformed"},
			{name: "slice template without a number", change: params{"RecordFormat": []params{with(mp4, "SliceOssObjectPrefix", "x")}}, code: "InvalidSliceOssObjectPrefix.Malformed"},
			{name: "transcoded stream", change: params{"TranscodeTemplates": []string{"sd"}}, code: "InvalidParameter"},
			{name: "transcoded stream named raw", change: params{"TranscodeTemplates": []string{"raw"}}, code: "InvalidTemplate.ForbidRaw"},
			{name: "transcoded format", change: params{"TranscodeRecordFormat": []params{mp4}}, code: "MissingTemplate"},
			{name: "eleven templates", change: params{"TranscodeTemplates": strings.Split("abcdefghijk", "")}, code: "InvalidTemplateLength.Malformed"},
			{name: "short delay", change: params{"DelayTime": 14}, code: "InvalidDelayTime"},
			{name: "malformed start", change: params{"StartTime": "today"}, code: "InvalidStartTime.Malformed"},
			{name: "malformed end", change: params{"EndTime": "tomorrow"}, code: "InvalidEndTime.Malformed"},
			{name: "start long ago", change: params{"StartTime": "2016-11-01T00:00:00Z"}, code: "InvalidStartTime.Mismatch"},
			{name: "end long ago", change: params{"EndTime": "2016-11-01T00:00:00Z"}, code: "InvalidEndTime.Mismatch"},
		},
	},
	{
		action: "DescribeLiveRecordConfig",
		newV1:  v1.CreateDescribeLiveRecordConfigRequest,
		setUp:  []string{"AddLiveDomain", "AddLiveAppRecordConfig"},
		usual:  params{"DomainName": play},
		calls: []call{
			{name: "all", values: params{
				"PageNum": 1, "PageSize": 10, "Order": "asc", "TotalNum": 1, "TotalPage": 1,
				"LiveAppRecordList.LiveAppRecord.0.DomainName":                                      play,
				"LiveAppRecordList.LiveAppRecord.0.AppName":                                         "live",
				"LiveAppRecordList.LiveAppRecord.0.StreamName":                                      "show",
				"LiveAppRecordList.LiveAppRecord.0.OnDemond":                                        7,
				"LiveAppRecordList.LiveAppRecord.0.DelayTime":                                       15,
				"LiveAppRecordList.LiveAppRecord.0.OssBucket":                                       "recordings",
				"LiveAppRecordList.LiveAppRecord.0.RecordFormatList.RecordFormat.0.Format":          "flv",
				"LiveAppRecordList.LiveAppRecord.0.RecordFormatList.RecordFormat.0.CycleDuration":   60,
				"LiveAppRecordList.LiveAppRecord.0.RecordFormatList.RecordFormat.1.Format":          "mp4",
				"LiveAppRecordList.LiveAppRecord.0.RecordFormatList.RecordFormat.1.CycleDuration":   3600,
				"LiveAppRecordList.LiveAppRecord.0.RecordFormatList.RecordFormat.1.OssObjectPrefix": objectPrefix,
			}},
			{name: "of another app, newest first", change: params{"AppName": "other", "Order": "desc", "PageNum": 2, "PageSize": 30},
				values: params{"PageNum": 2, "PageSize": 30, "Order": "desc", "TotalNum": 0, "TotalPage": 0}},
			{name: "no domain", change: params{"DomainName": nil}, code: "MissingDomainName"},
			{name: "unknown domain", change: params{"DomainName": nowhere}, code: "InvalidDomain.NotFound", status: 404},
			{name: "ingest domain", change: params{"DomainName": push}, code: "IllegalOperation", status: 403},
			{name: "unknown order", change: params{"Order": "name"}, code: "InvalidOrder"},
		},
	},
	{
		action: "UpdateLiveAppRecordConfig",
		newV1:  v1.CreateUpdateLiveAppRecordConfigRequest,
		setUp:  []string{"AddLiveDomain", "AddLiveAppRecordConfig"},
		usual:  params{"DomainName": play, "AppName": "live", "StreamName": "show", "OssEndpoint": "oss-cn-beijing.aliyuncs.com"},
		calls: append(domainCalls(),
			call{name: "mode, delay and formats", change: params{"OnDemand": 0, "DelayTime": 30, "RecordFormat": []params{{"Format": "mp4", "CycleDuration": 60}}}},
			call{name: "endpoint alone"},
			call{name: "window", change: params{"StartTime": "2016-11-01T00:00:00Z"}, code: "InvalidStartTime.Mismatch"},
			call{name: "malformed end", change: params{"EndTime": "tomorrow"}, code: "InvalidEndTime.Malformed"},
			call{name: "end long ago", change: params{"EndTime": "2016-11-01T00:00:00Z"}, code: "InvalidEndTime.Mismatch"},
			call{name: "no app", change: params{"AppName": nil}, code: "MissingAppName"},
			call{name: "no endpoint", change: params{"OssEndpoint": nil}, code: "MissingOssEndpoint"},
			call{name: "unknown config", change: params{"StreamName": "other"}, code: "InvalidConfig.NotFound", status: 404},
			call{name: "malformed endpoint", change: params{"OssEndpoint": "a b"}, code: "InvalidOssEndpoint.Malformed"},
			call{name: "decision callback", change: params{"OnDemand": 1}},
			call{name: "unknown mode", change: params{"OnDemand": 3}, code: "InvalidOnDemand"},
			call{name: "short delay", change: params{"DelayTime": 14}, code: "InvalidDelayTime"},
			call{name: "unknown format", change: params{"RecordFormat": []params{{"Format": "avi"}}}, code: "InvalidFormat.Malformed"},
			call{name: "one format twice", change: params{"RecordFormat": []params{{"Format": "mp4"}, {"Format": "mp4"}}}, code: "InvalidFormat.IllegalOperation"},
			call{name: "format that was dropped", change: params{"RecordFormat": []params{{"Format": "flv"}}}, code: "MissingOssObjectPrefix"},
			call{name: "short cycle", change: params{"RecordFormat": []params{{"Format": "mp4", "CycleDuration": 1}}}, code: "InvalidCycleDuration.Malformed"},
			call{name: "long slices", change: params{"RecordFormat": []params{{"Format": "mp4", "SliceDuration": 31}}}, code: "InvalidSliceDuration.Malformed"},
			call{name: "transcoded stream", change: params{"TranscodeTemplates": []string{"sd"}}, code: "InvalidParameter"},
		),
	},
	{
		action: "DeleteLiveAppRecordConfig",
		newV1:  v1.CreateDeleteLiveAppRecordConfigRequest,
		setUp:  []string{"AddLiveDomain", "AddLiveAppRecordConfig"},
		usual:  params{"DomainName": play, "AppName": "live", "StreamName": "show"},
		calls: append(domainCalls(),
			call{name: "no app", change: params{"AppName": nil}, code: "MissingAppName"},
			call{name: "config of all streams", change: params{"StreamName": nil}, code: "InvalidConfig.NotFound", status: 404},
			call{name: "config"},
			call{name: "the same again", code: "InvalidConfig.NotFound", status: 404},
		),
	},
	{
		action: "RealTimeRecordCommand",
		newV1:  v1.CreateRealTimeRecordCommandRequest,
		setUp:  []string{"AddLiveDomain", "AddLiveAppRecordConfig"},
		usual:  params{"DomainName": play, "AppName": "live", "StreamName": "show", "Command": "start"},
		calls: append(domainCalls(),
			call{name: "no app", change: params{"AppName": nil}, code: "MissingAppName"},
			call{name: "no stream", change: params{"StreamName": nil}, code: "MissingStreamName"},
			call{name: "no command", change: params{"Command": nil}, code: "MissingCommand"},
			call{name: "unknown command", change: params{"Command": "rewind"}, code: "MalformedParam"},
			call{name: "every stream", change: params{"StreamName": "*"}, code: "MalformedParam"},
			call{name: "stream without a config", change: params{"StreamName": "other"}, code: "CodeConfigNotFound"},
			call{name: "stream that is offline", code: "StreamNotFound", status: 409},
		),
	},
	{
		action: "DescribeLiveRecordNotifyRecords",
		newV1:  v1.CreateDescribeLiveRecordNotifyRecordsRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainName": play, "StartTime": "2026-11-23T00:00:00Z", "EndTime": "2126-11-23T00:00:00Z", "PageNumber": 1, "PageSize": 20},
		calls: append(domainCalls(),
			call{name: "none", values: params{"Code": 0, "Msg": "ok", "PageNum": 1, "PageSize": 20, "TotalNum": 0, "TotalPage": 0}},
			call{name: "every filter", change: params{"AppName": "live", "StreamName": "show", "Status": "failed", "StorageType": "oss", "PageNumber": 2, "PageSize": 501},
				values: params{"PageNum": 2, "PageSize": 500}},
			call{name: "no start", change: params{"StartTime": nil}, code: "MissingStartTime"},
			call{name: "no end", change: params{"EndTime": nil}, code: "MissingEndTime"},
			call{name: "malformed start", change: params{"StartTime": "today"}, code: "MalformedParams"},
			call{name: "end before the start", change: params{"EndTime": "2016-11-01T00:00:00Z"}, code: "MalformedParams"},
			call{name: "unknown status", change: params{"Status": "pending"}, code: "MalformedParams"},
			call{name: "unknown storage", change: params{"StorageType": "tape"}, code: "MalformedParams"},
		),
	},
	{
		action: "SetLiveStreamsNotifyUrlConfig",
		newV1:  v1.CreateSetLiveStreamsNotifyUrlConfigRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainName": push, "NotifyUrl": notifyURL, "NotifyReqAuth": "yes", "NotifyAuthKey": "testkeyyourkey12"},
		calls: append(ingestDomainCalls(),
			call{name: "no URL", change: params{"NotifyUrl": nil}, code: "MissingNotifyUrl"},
			call{name: "malformed URL", change: params{"NotifyUrl": "ftp://example.com/"}, code: "InvalidNotifyUrl.Malformed"},
			call{name: "unsafe URL", change: params{"NotifyUrl": linkLocalURL}, code: "InvalidNotifyUrl.Unsafe"},
			call{name: "URL for exceptions", change: params{"ExceptionNotifyUrl": notifyURL}, code: "InvalidParam"},
			call{name: "auth without a key", change: params{"NotifyAuthKey": nil}, code: "MissingNotifyAuthKey"},
			call{name: "short key", change: params{"NotifyAuthKey": "123456"}, code: "InvalidNotifyAuthKey.Malformed"},
			call{name: "config"},
			call{name: "another"},
		),
	},
	{
		action: "DescribeLiveStreamsNotifyUrlConfig",
		newV1:  v1.CreateDescribeLiveStreamsNotifyUrlConfigRequest,
		setUp:  []string{"AddLiveDomain", "SetLiveStreamsNotifyUrlConfig"},
		usual:  params{"DomainName": push},
		calls: append(ingestDomainCalls(),
			call{name: "config", values: params{
				"LiveStreamsNotifyConfig.DomainName":    push,
				"LiveStreamsNotifyConfig.NotifyUrl":     notifyURL,
				"LiveStreamsNotifyConfig.NotifyReqAuth": "yes",
			}},
		),
	},
	{
		action: "DeleteLiveStreamsNotifyUrlConfig",
		newV1:  v1.CreateDeleteLiveStreamsNotifyUrlConfigRequest,
		setUp:  []string{"AddLiveDomain", "SetLiveStreamsNotifyUrlConfig"},
		usual:  params{"DomainName": push},
		calls: append(ingestDomainCalls(),
			call{name: "config"},
			call{name: "the same again", code: "InvalidConfig.NotFound", status: 404},
		),
	},
	{
		action: "DescribeLiveStreamsNotifyRecords",
		newV1:  v1.CreateDescribeLiveStreamsNotifyRecordsRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainName": push, "StartTime": "2126-11-23T00:00:00Z", "EndTime": "2127-11-23T00:00:00Z"},
		calls: append(ingestDomainCalls(),
			call{name: "none", values: params{"PageNum": 1, "PageSize": 20, "TotalNum": 0, "TotalPage": 0}},
			call{name: "every filter", change: params{"AppName": "live", "StreamName": "show", "Status": "failed", "PageNumber": 2, "PageSize": 501},
				values: params{"PageNum": 2, "PageSize": 500}},
			call{name: "malformed start", change: params{"StartTime": "today"}, code: "InvalidStartTime.Malformed"},
			call{name: "malformed end", change: params{"EndTime": "tomorrow"}, code: "InvalidEndTime.Malformed"},
			call{name: "end before the start", change: params{"EndTime": "2016-11-01T00:00:00Z"}, code: "InvalidEndTime.Mismatch"},
			call{name: "start long ago", change: params{"StartTime": "2016-11-01T00:00:00Z"}, code: "Duration.Exceed"},
			call{name: "unknown status", change: params{"Status": "pending"}, code: "InvalidParam"},
		),
	},
	{
		action: "AddLiveRecordNotifyConfig",
		newV1:  v1.CreateAddLiveRecordNotifyConfigRequest,
		setUp:  []string{"AddLiveDomain"},
		usual: params{"DomainName": play, "NotifyUrl": notifyURL, "OnDemandUrl": "http://127.0.0.1:9/decide",
			"NeedStatusNotify": true, "NotifyReqAuth": true, "NotifyAuthKey": "testkeyyourkey12"},
		calls: append(notifyCalls(),
			call{name: "auth without a key", change: params{"NotifyAuthKey": nil}, code: "MissingNotifyAuthKey"},
			call{name: "config"},
			call{name: "the same again", code: "ConfigAlreadyExists"},
		),
	},
	{
		action: "DescribeLiveRecordNotifyConfig",
		newV1:  v1.CreateDescribeLiveRecordNotifyConfigRequest,
		setUp:  []string{"AddLiveDomain", "AddLiveRecordNotifyConfig"},
		usual:  params{"DomainName": play},
		calls: append(domainCalls(),
			call{name: "config", values: params{
				"LiveRecordNotifyConfig.DomainName":       play,
				"LiveRecordNotifyConfig.NotifyUrl":        notifyURL,
				"LiveRecordNotifyConfig.OnDemandUrl":      "http://127.0.0.1:9/decide",
				"LiveRecordNotifyConfig.NeedStatusNotify": true,
			}},
		),
	},
	{
		action: "UpdateLiveRecordNotifyConfig",
		newV1:  v1.CreateUpdateLiveRecordNotifyConfigRequest,
		setUp:  []string{"AddLiveDomain", "AddLiveRecordNotifyConfig"},
		usual:  params{"DomainName": play, "NotifyUrl": notifyURL},
		calls: append(notifyCalls(),
			call{name: "everything", change: params{"OnDemandUrl": notifyURL, "NeedStatusNotify": false, "NotifyReqAuth": true, "NotifyAuthKey": "AnotherKey1234567"}},
			call{name: "the rest stays", change: params{"NotifyReqAuth": true}},
		),
	},
	{
		action: "DeleteLiveRecordNotifyConfig",
		newV1:  v1.CreateDeleteLiveRecordNotifyConfigRequest,
		setUp:  []string{"AddLiveDomain", "AddLiveRecordNotifyConfig"},
		usual:  params{"DomainName": play},
		calls: append(domainCalls(),
			call{name: "config"},
			call{name: "the same again", code: "InvalidConfig.NotFound", status: 404},
		),
	},
}

// domainCalls are what every operation on a streaming domain refuses.
func domainCalls() []call {
	return []call{
		{name: "no domain", change: params{"DomainName": nil}, code: "MissingDomainName"},
		{name: "unknown domain", change: params{"DomainName": nowhere}, code: "InvalidDomain.NotFound", status: 404},
		{name: "ingest domain", change: params{"DomainName": push}, code: "IllegalOperation", status: 403},
	}
}

// ingestDomainCalls are what every operation on an ingest domain refuses.
func ingestDomainCalls() []call {
	return []call{
		{name: "no domain", change: params{"DomainName": nil}, code: "MissingDomainName"},
		{name: "unknown domain", change: params{"DomainName": nowhere}, code: "InvalidDomain.NotFound", status: 404},
		{name: "streaming domain", change: params{"DomainName": play}, code: "IllegalOperation", status: 403},
	}
}

// notifyCalls are what operations that take a notify config refuse.
func notifyCalls() []call {
	return append(domainCalls(),
		call{name: "no NotifyUrl", change: params{"NotifyUrl": nil}, code: "MissingNotifyUrl"},
		call{name: "malformed NotifyUrl", change: params{"NotifyUrl": "ftp://example.com/"}, code: "InvalidNotifyUrl.Malformed"},
		call{name: "unsafe NotifyUrl", change: params{"NotifyUrl": linkLocalURL}, code: "InvalidNotifyUrl.Unsafe"},
		call{name: "malformed OnDemandUrl", change: params{"OnDemandUrl": "example.com"}, code: "InvalidOnDemandUrl.Malformed"},
		call{name: "unsafe OnDemandUrl", change: params{"OnDemandUrl": linkLocalURL}, code: "InvalidOnDemandUrl.Unsafe"},
		call{name: "short key", change: params{"NotifyAuthKey": "short"}, code: "InvalidNotifyAuthKey.Malformed"},
	)
}

// row returns the row of an action.
func row(t *testing.T, action string) operation {
	t.Helper()
	for _, op := range operations {
		if op.action == action {
			return op
		}
	}
	t.Fatalf("no row for %s", action)
	return operation{}
}

// fill replaces {id} in a text, or in the texts of parameters.
func fill(value any, id string) any {
	switch value := value.(type) {
	case string:
		return strings.ReplaceAll(value, "{id}", id)
	case params:
		filled := params{}
		for name, v := range value {
			filled[name] = fill(v, id)
		}
		return filled
	}
	return value
}

// params returns the parameters of a call.
func (c call) params(op operation, id string) params {
	p := maps.Clone(op.usual)
	for name, value := range c.change {
		if p[name] = value; value == nil {
			delete(p, name)
		}
	}
	return fill(p, id).(params)
}

// prepare makes the successful calls of the rows that op builds on: of all
// domains, and the first one of the others.
func prepare(t *testing.T, cl client, op operation, id string) {
	t.Helper()
	for _, action := range op.setUp {
		before := row(t, action)
		for _, c := range before.calls {
			if c.code != "" {
				continue
			}
			if r := cl.call(t, before, c.params(before, id)); r.code != "" {
				t.Fatalf("%s, %s: %s %s", action, c.name, r.code, r.message)
			}
			if action != "AddLiveDomain" {
				break
			}
		}
	}
}

func TestEveryClientUnderstandsEveryOperation(t *testing.T) {
	t.Parallel()
	addr := startServer(t, "TALLYLIGHT_API_QPS_FACTOR=0")
	for i, cl := range clients(t, addr) {
		for j, op := range operations {
			t.Run(cl.name+"/"+op.action, func(t *testing.T) {
				id := fmt.Sprintf("%d-%d", i, j)
				prepare(t, cl, op, id)
				for _, c := range op.calls {
					t.Run(c.name, func(t *testing.T) {
						check(t, op, c, id, cl.call(t, op, c.params(op, id)))
					})
				}
			})
		}
	}
}

func TestXMLReadsAsJSONDoes(t *testing.T) {
	t.Parallel()
	addr := startServer(t, "TALLYLIGHT_API_QPS_FACTOR=0")
	sdk := client{"go-v1 in XML", v1Caller(t, addr, acceptXML)}
	for j, op := range operations {
		t.Run(op.action, func(t *testing.T) {
			id := fmt.Sprintf("xml-%d", j)
			prepare(t, sdk, op, id)
			for _, c := range op.calls {
				if c.code != "" {
					continue // this SDK reads no errors from XML
				}
				t.Run(c.name, func(t *testing.T) {
					r := sdk.call(t, op, c.params(op, id))
					if !strings.HasPrefix(string(r.raw), "<?xml version='1.0' encoding='UTF-8'?><"+op.action+"Response><RequestId>") {
						t.Errorf("answer begins otherwise: %.200s", r.raw)
					}
					checkValues(t, r.body, fill(c.values, id).(params))
				})
			}
		})
	}
}

func TestAWrongSecretIsTakenForOneByTheSDK(t *testing.T) {
	t.Parallel()
	addr := startServer(t)
	sdk, err := v1.NewClientWithAccessKey("cn-shanghai", accessKeyID, "guess")
	if err != nil {
		t.Fatal(err)
	}
	sdk.Domain = addr
	request := v1.CreateDescribeLiveRecordConfigRequest()
	request.DomainName = "play.example.com"
	_, err = sdk.DescribeLiveRecordConfig(request)
	// The SDK compares our string to sign with its own to tell a wrong secret
	// from a fault of its own.
	if err == nil || !strings.Contains(err.Error(), "InvalidAccessKeySecret") {
		t.Errorf("got %v", err)
	}
}

func TestThrottlingIsReported(t *testing.T) {
	t.Parallel()
	addr := startServer(t, "TALLYLIGHT_API_QPS_FACTOR=0.001") // one call, then none for half a minute
	cl := clients(t, addr)[0]
	op := row(t, "DeleteLiveRecordNotifyConfig")
	p := fill(op.usual, "throttled").(params)
	if r := cl.call(t, op, p); r.code != "InvalidDomain.NotFound" {
		t.Errorf("first call: %s", r.code)
	}
	if r := cl.call(t, op, p); r.code != "Throttling.User" || r.status != 400 {
		t.Errorf("second call: %d %s", r.status, r.code)
	}
}
