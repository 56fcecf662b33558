package conformance

import (
	"strings"
	"time"

	v1 "github.com/aliyun/alibaba-cloud-sdk-go/services/live"
)

// An aliauth is the function that switches push authentication on.
const aliauth = `[{"functionName":"aliauth","functionArgs":[{"argName":"auth_type","argValue":"type_a"},` +
	`{"argName":"auth_key1","argValue":"0123456789abcdef"},{"argName":"auth_key2","argValue":"fedcba9876543210"}]}]`

// anyDomainCalls are what operations on a domain of either type refuse.
func anyDomainCalls() []call {
	return domainCalls()[:2]
}

// unmappedCalls are what operations on streams refuse: an ingest domain has none
// before it is mapped.
func unmappedCalls() []call { return domainCalls() }

// streamOperations are the rows of domains and streams beyond those that
// recording needs.
var streamOperations = []operation{
	{
		action: "DescribeLiveUserDomains",
		newV1:  v1.CreateDescribeLiveUserDomainsRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainName": play, "DomainSearchType": "full_match"},
		calls: []call{
			{name: "one", values: params{
				"PageNumber": 1, "PageSize": 20, "TotalCount": 1,
				"Domains.PageData.0.DomainName":       play,
				"Domains.PageData.0.LiveDomainType":   "liveVideo",
				"Domains.PageData.0.LiveDomainStatus": "online",
				"Domains.PageData.0.RegionName":       "cn-shanghai",
			}},
			{name: "none", change: params{"LiveDomainType": "liveEdge", "DomainStatus": "offline", "PageNumber": 2, "PageSize": 50}, values: params{"PageNumber": 2, "PageSize": 50, "TotalCount": 0}},
			{name: "page 0", change: params{"PageNumber": 0}, code: "InvalidPageNumber.ValueNotSupported"},
			{name: "size 501", change: params{"PageSize": 501}, code: "InvalidPageSize.ValueNotSupported"},
			{name: "malformed name", change: params{"DomainName": "a_b"}, code: "InvalidDomainName.Malformed"},
			{name: "unknown status", change: params{"DomainStatus": "stopped"}, code: "InvalidDomainStatus.ValueNotSupported"},
			{name: "unknown search", change: params{"DomainSearchType": "regexp"}, code: "InvalidDomainSearchType.ValueNotSupported"},
			{name: "malformed search", change: params{"DomainSearchType": ".*"}, code: "InvalidDomainSearchType.Malformed"},
			{name: "unknown type", change: params{"LiveDomainType": "vod"}, code: "InvalidLiveDomainType.ValueNotSupported"},
		},
	},
	{
		action: "DescribeLiveDomainDetail",
		newV1:  v1.CreateDescribeLiveDomainDetailRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainName": play},
		calls: append(anyDomainCalls(), call{name: "detail", values: params{
			"DomainDetail.DomainName":     play,
			"DomainDetail.LiveDomainType": "liveVideo",
			"DomainDetail.DomainStatus":   "online",
			"DomainDetail.Region":         "cn-shanghai",
			"DomainDetail.Scope":          "global",
			"DomainDetail.SSLProtocol":    "off",
		}}),
	},
	{
		action: "StopLiveDomain",
		newV1:  v1.CreateStopLiveDomainRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainName": play},
		calls:  append(anyDomainCalls(), call{name: "stop"}, call{name: "the same again"}),
	},
	{
		action: "StartLiveDomain",
		newV1:  v1.CreateStartLiveDomainRequest,
		setUp:  []string{"AddLiveDomain", "StopLiveDomain"},
		usual:  params{"DomainName": play},
		calls:  append(anyDomainCalls(), call{name: "start"}, call{name: "the same again"}),
	},
	{
		action: "DeleteLiveDomain",
		newV1:  v1.CreateDeleteLiveDomainRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainName": play},
		calls: append(anyDomainCalls(),
			call{name: "malformed name", change: params{"DomainName": "a_b.example.com"}, code: "InvalidDomainName.Malformed"},
			call{name: "delete"},
			call{name: "the same again", code: "InvalidDomain.NotFound", status: 404},
		),
	},
	{
		action: "DescribeLiveDomainMapping",
		newV1:  v1.CreateDescribeLiveDomainMappingRequest,
		setUp:  []string{"AddLiveDomain", "AddLiveDomainMapping"},
		usual:  params{"DomainName": play},
		calls: append(anyDomainCalls(),
			call{name: "of the streaming domain", values: params{
				"LiveDomainModels.LiveDomainModel.0.DomainName": push,
				"LiveDomainModels.LiveDomainModel.0.Type":       "publish",
			}},
			call{name: "of the ingest domain", change: params{"DomainName": push}, values: params{
				"LiveDomainModels.LiveDomainModel.0.DomainName": play,
				"LiveDomainModels.LiveDomainModel.0.Type":       "vhost",
			}},
		),
	},
	{
		action: "DeleteLiveDomainMapping",
		newV1:  v1.CreateDeleteLiveDomainMappingRequest,
		setUp:  []string{"AddLiveDomain", "AddLiveDomainMapping"},
		usual:  params{"PullDomain": play, "PushDomain": push},
		calls: []call{
			{name: "no streaming domain", change: params{"PullDomain": nil}, code: "MissingPullDomain"},
			{name: "no ingest domain", change: params{"PushDomain": nil}, code: "MissingPushDomain"},
			{name: "unknown domain", change: params{"PushDomain": nowhere}, code: "InvalidDomain.NotFound", status: 404},
			{name: "pushing to the streaming domain", change: params{"PushDomain": play}, code: "InvalidPushDomain"},
			{name: "pulling from the ingest domain", change: params{"PullDomain": push}, code: "InvalidPullDomain"},
			{name: "delete"},
			{name: "the same again", code: "InvalidConfig.NotFound", status: 404},
		},
	},
	{
		action: "BatchSetLiveDomainConfigs",
		newV1:  v1.CreateBatchSetLiveDomainConfigsRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainNames": push + "," + play, "Functions": aliauth},
		calls: []call{
			{name: "set"},
			{name: "no domains", change: params{"DomainNames": nil}, code: "MissingDomainNames"},
			{name: "no functions", change: params{"Functions": nil}, code: "MissingFunctions"},
			{name: "unknown domain", change: params{"DomainNames": nowhere}, code: "InvalidDomain.NotFound", status: 404},
			{name: "empty name", change: params{"DomainNames": play + ","}, code: "InvalidDomainNames"},
			{name: "malformed functions", change: params{"Functions": "aliauth"}, code: "InvalidFunctions.Malformed"},
			{name: "no arguments", change: params{"Functions": `[{"functionName":"aliauth"}]`}, code: "InvalidFunctionArgs.Malformed"},
			{name: "value that is no text", change: params{"Functions": `[{"functionName":"aliauth","functionArgs":[{"argName":"auth_type","argValue":1}]}]`}, code: "InvalidArgValue.Malformed"},
			{name: "another function", change: params{"Functions": `[{"functionName":"ttl","functionArgs":[]}]`}, code: "InvalidFunctionName.ValueNotSupported"},
			{name: "another argument", change: params{"Functions": strings.Replace(aliauth, "auth_key2", "ttl", 1)}, code: "InvalidArgName.ValueNotSupported"},
			{name: "no type", change: params{"Functions": strings.Replace(aliauth, "type_a", "", 1)}, code: "MissingParameterauth_type"},
			{name: "short key", change: params{"Functions": strings.Replace(aliauth, "0123456789abcdef", "short", 1)}, code: "Invalidauth_key1.Malformed"},
		},
	},
	{
		action: "DescribeLiveDomainConfigs",
		newV1:  v1.CreateDescribeLiveDomainConfigsRequest,
		setUp:  []string{"AddLiveDomain", "BatchSetLiveDomainConfigs"},
		usual:  params{"DomainName": push, "FunctionNames": "aliauth"},
		calls: append(anyDomainCalls(),
			call{name: "no functions", change: params{"FunctionNames": nil}, code: "MissingFunctionNames"},
			call{name: "another function", change: params{"FunctionNames": "ttl"}, code: "InvalidFunctionName.ValueNotSupported"},
			call{name: "function", values: params{
				"DomainConfigs.DomainConfig.0.FunctionName":                        "aliauth",
				"DomainConfigs.DomainConfig.0.Status":                              "success",
				"DomainConfigs.DomainConfig.0.FunctionArgs.FunctionArg.0.ArgName":  "auth_type",
				"DomainConfigs.DomainConfig.0.FunctionArgs.FunctionArg.0.ArgValue": "type_a",
				"DomainConfigs.DomainConfig.0.FunctionArgs.FunctionArg.3.ArgValue": "30",
			}},
		),
	},
	{
		action: "BatchDeleteLiveDomainConfigs",
		newV1:  v1.CreateBatchDeleteLiveDomainConfigsRequest,
		setUp:  []string{"AddLiveDomain", "BatchSetLiveDomainConfigs"},
		usual:  params{"DomainNames": push + "," + play, "FunctionNames": "aliauth"},
		calls: []call{
			{name: "no domains", change: params{"DomainNames": nil}, code: "MissingDomainNames"},
			{name: "no functions", change: params{"FunctionNames": nil}, code: "MissingFunctionNames"},
			{name: "unknown domain", change: params{"DomainNames": nowhere}, code: "InvalidDomain.NotFound", status: 404},
			{name: "another function", change: params{"FunctionNames": "ttl"}, code: "InvalidFunctionName.ValueNotSupported"},
			{name: "delete"},
			{name: "the same again"},
		},
	},
	{
		action: "DescribeLiveStreamAuthChecking",
		newV1:  v1.CreateDescribeLiveStreamAuthCheckingRequest,
		setUp:  []string{"AddLiveDomain", "BatchSetLiveDomainConfigs"},
		usual:  params{"DomainName": push, "Url": "rtmp://" + push + "/live/stream1?auth_key=1767225600-0-0-fa7f8e5ae697a2a8aa2b335027ad345b"},
		calls: append(anyDomainCalls(),
			call{name: "no URL", change: params{"Url": nil}, code: "MissingUrl"},
			call{name: "malformed URL", change: params{"Url": "/live/stream1"}, code: "InvalidParam"},
			call{name: "expired URL", values: params{"Status": "false", "Description": "EXPIRED AUTH_KEY"}},
		),
	},
	{
		action: "ForbidLiveStream",
		newV1:  v1.CreateForbidLiveStreamRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainName": play, "AppName": "live", "StreamName": "show", "LiveStreamType": "publisher"},
		calls: append(unmappedCalls(),
			call{name: "forbid"},
			call{name: "the same again", code: "ConfigAlreadyExists"},
			call{name: "cut once", change: params{"Oneshot": "yes"}},
			call{name: "no app", change: params{"AppName": nil}, code: "MissingAppName"},
			call{name: "no stream", change: params{"StreamName": nil}, code: "MissingStreamName"},
			call{name: "no type", change: params{"LiveStreamType": nil}, code: "MissingLiveStreamType"},
			call{name: "another type", change: params{"LiveStreamType": "player"}, code: "InvalidLiveStreamType"},
			call{name: "malformed time", change: params{"ResumeTime": "tomorrow"}, code: "InvalidResumeTime.Malformed"},
			call{name: "malformed Oneshot", change: params{"Oneshot": "1"}, code: "InvalidOneshot"},
		),
	},
	{
		action: "DescribeLiveStreamsBlockList",
		newV1:  v1.CreateDescribeLiveStreamsBlockListRequest,
		setUp:  []string{"AddLiveDomain", "ForbidLiveStream"},
		usual:  params{"DomainName": play},
		calls: append(domainCalls(),
			call{name: "list", values: params{
				"DomainName": play, "PageNum": 1, "PageSize": 2000, "TotalNum": 1, "TotalPage": 1,
				"StreamUrls.StreamUrl.0": play + "/live/show",
			}},
			call{name: "second page", change: params{"PageNum": 2, "PageSize": 10}, values: params{"PageNum": 2, "PageSize": 10, "TotalNum": 1, "TotalPage": 1}},
		),
	},
	{
		action: "ResumeLiveStream",
		newV1:  v1.CreateResumeLiveStreamRequest,
		setUp:  []string{"AddLiveDomain", "ForbidLiveStream"},
		usual:  params{"DomainName": play, "AppName": "live", "StreamName": "show", "LiveStreamType": "publisher"},
		calls: append(unmappedCalls(),
			call{name: "resume"},
			call{name: "the same again"},
			call{name: "every app", change: params{"AppName": "*"}},
			call{name: "no app", change: params{"AppName": nil}, code: "MissingAppName"},
			call{name: "no stream", change: params{"StreamName": nil}, code: "MissingStreamName"},
			call{name: "no type", change: params{"LiveStreamType": nil}, code: "MissingLiveStreamType"},
			call{name: "another type", change: params{"LiveStreamType": "player"}, code: "InvalidLiveStreamType"},
			call{name: "every stream", change: params{"StreamName": "*"}, code: "InvalidStreamName"},
		),
	},
	{
		action: "DescribeLiveStreamState",
		newV1:  v1.CreateDescribeLiveStreamStateRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainName": play, "AppName": "live", "StreamName": "show"},
		calls: append(unmappedCalls(),
			call{name: "state", values: params{"StreamState": "offline", "Type": "push"}},
			call{name: "no app", change: params{"AppName": nil}, code: "MissingAppName"},
			call{name: "no stream", change: params{"StreamName": nil}, code: "MissingStreamName"},
			call{name: "every stream", change: params{"StreamName": "*"}, code: "InvalidParam"},
		),
	},
	{
		action: "DescribeLiveStreamsOnlineList",
		newV1:  v1.CreateDescribeLiveStreamsOnlineListRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainName": play},
		calls: append(domainCalls(),
			call{name: "list", values: params{"PageNum": 1, "PageSize": 2000, "TotalNum": 0, "TotalPage": 0}},
			call{name: "third page", change: params{"PageNum": 3, "PageSize": 5000, "QueryType": "strict", "StreamType": "raw", "OnlyStream": "yes"}, values: params{"PageNum": 3, "PageSize": 3000}},
			call{name: "unknown comparison", change: params{"QueryType": "regexp"}, code: "InvalidQueryType"},
			call{name: "unknown type", change: params{"StreamType": "video"}, code: "InvalidStreamType"},
			call{name: "malformed OnlyStream", change: params{"OnlyStream": "1"}, code: "InvalidOnlyStream"},
		),
	},
	{
		action: "DescribeLiveStreamsPublishList",
		newV1:  v1.CreateDescribeLiveStreamsPublishListRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  params{"DomainName": play, "StartTime": publishStart, "EndTime": publishEnd},
		calls: append(domainCalls(),
			call{name: "list", values: params{"PageNum": 1, "PageSize": 2000, "TotalNum": 0, "TotalPage": 0}},
			call{name: "no start", change: params{"StartTime": nil}, code: "MissingStartTime"},
			call{name: "no end", change: params{"EndTime": nil}, code: "MissingEndTime"},
			call{name: "malformed start", change: params{"StartTime": "today"}, code: "InvalidStartTime.Malformed"},
			call{name: "malformed end", change: params{"EndTime": "today"}, code: "InvalidEndTime.Malformed"},
			call{name: "start long ago", change: params{"StartTime": "2016-11-01T00:00:00Z"}, code: "InvalidStartTime.ValueNotSupported"},
			call{name: "end before the start", change: params{"EndTime": "2016-11-01T00:00:00Z"}, code: "InvalidEndTime.Mismatch"},
			call{name: "long window", change: params{"EndTime": "2099-01-01T00:00:00Z"}, code: "Duration.Exceed"},
			call{name: "unknown order", change: params{"OrderBy": "size"}, code: "InvalidOrderBy"},
		),
	},
}

// The window of time of a list of pushes: the day of the test.
var (
	publishStart = time.Now().UTC().Add(-12 * time.Hour).Format(time.RFC3339)
	publishEnd   = time.Now().UTC().Add(12 * time.Hour).Format(time.RFC3339)
)

func init() { operations = append(operations, streamOperations...) }
