package conformance

import (
	"time"

	v1 "github.com/aliyun/alibaba-cloud-sdk-go/services/live"
)

func ago(d time.Duration) string { return time.Now().Add(-d).UTC().Format("2006-01-02T15:04:05Z") }

// indexed are usual parameters of operations on index files, and more.
func indexed(more params) params {
	p := params{"DomainName": play, "AppName": "live", "StreamName": "show"}
	for name, value := range more {
		p[name] = value
	}
	return p
}

// indexCalls are what every operation on index files refuses.
func indexCalls() []call {
	return append(domainCalls(),
		call{name: "no app", change: params{"AppName": nil}, code: "MissingAppName"},
		call{name: "no stream", change: params{"StreamName": nil}, code: "MissingStreamName"},
	)
}

// indexWindowCalls are what those refuse that take a window of time.
func indexWindowCalls() []call {
	return append(indexCalls(),
		call{name: "no start", change: params{"StartTime": nil}, code: "MissingStartTime"},
		call{name: "no end", change: params{"EndTime": nil}, code: "MissingEndTime"},
		call{name: "malformed start", change: params{"StartTime": "today"}, code: "InvalidStartTime.Malformed"},
		call{name: "malformed end", change: params{"EndTime": "today"}, code: "InvalidEndTime.Malformed"},
		call{name: "start long ago", change: params{"StartTime": "2016-11-01T00:00:00Z"}, code: "InvalidStartTime.Mismatch"},
		call{name: "end before the start", change: params{"EndTime": ago(2 * time.Hour)}, code: "InvalidEndTime.Mismatch"},
	)
}

const indexID = "c4d7f0a4-b506-43f9-8de3-07732c3f0001"

// indexOperations are the rows of index files. There are no slices that one could
// be made of.
var indexOperations = []operation{
	{
		action: "CreateLiveStreamRecordIndexFiles",
		newV1:  v1.CreateCreateLiveStreamRecordIndexFilesRequest,
		setUp:  []string{"AddLiveDomain"},
		usual: indexed(params{"StartTime": ago(time.Hour), "EndTime": ago(0), "OssBucket": "recordings", "OssEndpoint": "oss-cn-shanghai.aliyuncs.com",
			"OssObject": "{AppName}/{StreamName}/{Date}/{Hour}/{Minute}_{Second}.m3u8"}),
		calls: append(indexWindowCalls(),
			call{name: "no bucket", change: params{"OssBucket": nil}, code: "MissingOssBucket"},
			call{name: "no endpoint", change: params{"OssEndpoint": nil}, code: "MissingOssEndpoint"},
			call{name: "no object", change: params{"OssObject": nil}, code: "MissingOssObject"},
			call{name: "every stream", change: params{"StreamName": "*"}, code: "InvalidParams"},
			call{name: "malformed bucket", change: params{"OssBucket": "No"}, code: "InvalidOssBucket.Malformed"},
			call{name: "malformed endpoint", change: params{"OssEndpoint": "a b"}, code: "InvalidOssEndpoint.Malformed"},
			call{name: "malformed object", change: params{"OssObject": "../{Date}"}, code: "InvalidOssObject.Malformed"},
			call{name: "stream that was not pushed", code: "InvalidStream.NotFound"},
		),
	},
	{
		action: "DescribeLiveStreamRecordIndexFile",
		newV1:  v1.CreateDescribeLiveStreamRecordIndexFileRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  indexed(params{"RecordId": indexID}),
		calls: append(indexCalls(),
			call{name: "no id", change: params{"RecordId": nil}, code: "MissingRecordId"},
			call{name: "unknown id", code: "InvalidRecord.NotFound", status: 404},
		),
	},
	{
		action: "DescribeLiveStreamRecordIndexFiles",
		newV1:  v1.CreateDescribeLiveStreamRecordIndexFilesRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  indexed(params{"StartTime": ago(time.Hour), "EndTime": ago(0)}),
		calls: append(indexWindowCalls(),
			call{name: "none", values: params{"PageNum": 1, "PageSize": 10, "Order": "asc", "TotalNum": 0, "TotalPage": 0}},
			call{name: "another page", change: params{"PageNum": 2, "PageSize": 31, "Order": "desc"}, values: params{"PageNum": 2, "PageSize": 30, "Order": "desc"}},
			call{name: "unknown order", change: params{"Order": "name"}, code: "InvalidOrder"},
		),
	},
	{
		action: "DescribeLiveStreamRecordContent",
		newV1:  v1.CreateDescribeLiveStreamRecordContentRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  indexed(params{"StartTime": ago(time.Hour), "EndTime": ago(0)}),
		calls:  append(indexWindowCalls(), call{name: "none"}),
	},
	{
		action: "DeleteLiveStreamRecordIndexFiles",
		newV1:  v1.CreateDeleteLiveStreamRecordIndexFilesRequest,
		setUp:  []string{"AddLiveDomain"},
		usual:  indexed(params{"RecordId": []string{indexID}, "RemoveFile": "true"}),
		calls: append(indexCalls(),
			call{name: "no ids", change: params{"RecordId": nil}, code: "MissingRecordId"},
			call{name: "no RemoveFile", change: params{"RemoveFile": nil}, code: "MissingRemoveFile"},
			call{name: "RemoveFile of another value", change: params{"RemoveFile": "yes"}, code: "InvalidParams"},
			call{name: "unknown id", values: params{"Code": "OK", "Message": "OK",
				"RecordDeleteInfoList.RecordDeleteInfo.0.RecordId": indexID,
				"RecordDeleteInfoList.RecordDeleteInfo.0.Message":  "FileNotFound"}},
		),
	},
}

func init() { operations = append(operations, indexOperations...) }
