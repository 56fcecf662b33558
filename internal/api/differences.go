package api

import (
	_ "embed"
	"encoding/json"
	"sync"
)

// An errorNote tells of documented errors or of a parameter that are treated
// otherwise, and why. Name stands where Text has {}.
type errorNote struct {
	Text string `json:"text"`
	Name string `json:"name"`
}

// errorNotesJSON is written by the test of the compatibility pages, which
// compares what is declared with what is documented.
//
//go:embed error_notes.json
var errorNotesJSON []byte

// errorNotes reads errorNotesJSON: notes by operation.
var errorNotes = sync.OnceValue(func() (notes map[string][]errorNote) {
	if err := json.Unmarshal(errorNotesJSON, &notes); err != nil {
		panic("api: error_notes.json: " + err.Error()) // a test reads it
	}
	return notes
})

// differences tell, by operation, where it departs from the service's and what
// it does where the service leaves a point open, beyond what the tables of this
// package show.
var differences = map[string][]string{
	"BatchSetLiveDomainConfigs": {
		"There is one function, `aliauth`. It is off until a domain switches it on, where the service has it on for new domains.",
		"`Invalid%s.ValueNotSupported` is `InvalidFunctionName.ValueNotSupported`. `Invalid%s.Malformed` and `MissingParameter%s` are filled in with the name of the argument; its value, which may be a key, is never repeated.",
		"`ali_auth_delta` is in minutes, as its table says, though an example reads it as seconds.",
	},
	"DeleteLiveDomain": {
		"A domain whose mapping or configuration still exists can be deleted: they go with it. The pushes that run through it end.",
	},
	"DeleteLiveDomainMapping": {
		"Pushes that run through the mapping go on; the service does not say.",
		"A mapping that does not exist is `InvalidConfig.NotFound`; the service documents no code.",
	},
	"DescribeLiveDomainConfigs": {
		"A domain without the function has an empty list; the service does not say. Keys are shown in clear.",
	},
	"DescribeLiveStreamAuthChecking": {
		"The service gives one example of `Description`, INVALID AUTH_KEY. The others are ours: AUTH_KEY IS VALID, AUTH IS OFF, MISSING AUTH_KEY, EXPIRED AUTH_KEY.",
	},
	"DescribeLiveStreamState": {
		"A stream that is forbidden is offline, as the newest documentation says. `Type` is always push.",
	},
	"DescribeLiveStreamsOnlineList": {
		"`PublishUrl` has no parameters: they can hold secrets. Rates are of the last seconds, those of data in kbit/s, and 0 before they are known.",
		"`PublishType` is edge for a push to an ingest domain and center for one to the streaming domain itself.",
		"`VideoCodecId` and `AudioCodecId` are those of FLV: 7 H.264, 12 HEVC, 13 AV1; 10 AAC, 2 MP3, 13 Opus; 0 before the first frame.",
	},
	"DescribeLiveStreamsPublishList": {
		"A push that runs is listed, with an empty `StopTime`. One that a crash of the server ended has stopped when the server came back.",
		"The window selects by the beginning of a push: at `StartTime` or later, before `EndTime`.",
	},
	"ForbidLiveStream": {
		"It takes the streaming domain, too, and an ingest domain only where it is mapped (else `IllegalOperation`).",
		"At most 10,000 streams of a domain are forbidden at one time.",
	},
	"ResumeLiveStream": {
		"A stream that is not forbidden is no error.",
	},
	"StopLiveDomain": {
		"Running pushes end; the service does not say. Stopping an ingest domain ends the pushes to it, stopping a streaming domain all that belong to it.",
	},
	"AddLiveAppRecordConfig": {
		"Transcoded streams are refused (`InvalidParameter`): nothing is transcoded here.",
		"With `OnDemand` 1 the answer may name `Cmaf` in its `Interval` and `cmaf` in its `Format`, too.",
		"`OssBucket` is a bucket of the server's own configuration.",
	},
	"DescribeLiveRecordNotifyRecords": {
		"One entry is one attempt, so that a callback that was tried three times has three entries. The service does not say.",
		"The newest entry comes first.",
		"`NotifyHeader` holds the headers that the service documents: type and signature. Headers that this server adds are left out.",
		"`Description` tells why an attempt failed, and is empty where it did not.",
		"Callbacks to endpoints that were added beside the API (`tallylight endpoints`) are listed, too.",
	},
	"RealTimeRecordCommand": {
		"The error codes are those of the newer of two documented generations. The message of `MalformedParam` names the parameter.",
		"`stop` and `cancel_delay` of a stream that is not recorded are `TaskNotStarted`, a code of ours.",
	},
	"SetLiveStreamsNotifyUrlConfig": {
		"`ExceptionNotifyUrl` and `SwitchNotifyUrl` are refused with `InvalidParam`: there is nothing to tell them.",
		"An absent `NotifyUrl` is `MissingNotifyUrl`; documented as mandatory and as optional at different times.",
		"A push that was told of is told of to its end, even if the configuration is deleted meanwhile, and after a crash of the server.",
		"`height` and `width` are told where the encoder has sent them within 2 seconds. `node` is the name of the machine.",
	},
	"DescribeLiveStreamsNotifyUrlConfig": {
		"The rate is that of the newer pages; older ones have 1000 calls a minute.",
		"`ExceptionNotifyUrl` is always empty.",
	},
	"DeleteLiveStreamsNotifyUrlConfig": {
		"A configuration that does not exist is `InvalidConfig.NotFound`; the service documents no code.",
	},
	"CreateLiveStreamRecordIndexFiles": {
		"Slices are those of m3u8 recordings. A stream that was recorded to other formats alone is `OperationNotSupport`, one that was only pushed `NoRecordContent`, and one that was not pushed within 90 days `InvalidStream.NotFound`.",
		"`OssObject` takes its times from the beginning of the first slice, in the zone of all object names. Objects are never replaced: a name that other content has is `InvalidOssObject.Malformed`.",
		"More than 20,000 slices are `RecordContentExceed`.",
		"`RecordUrl` is made of `OssBucket`, `OssEndpoint` and the name of the object. Slices of the same bucket are named relative to the playlist, others by such URLs.",
	},
	"DeleteLiveStreamRecordIndexFiles": {
		"An id that the stream does not have is `FileNotFound`, one whose bucket is not configured any more `AccessDenied` if its file is to be removed; the others are deleted. A playlist that is gone already is no error.",
		"`Code` and `Message` are OK; the service does not say what else they may be.",
	},
	"DescribeLiveStreamRecordContent": {
		"An entry is one recording in one format: `StartTime`, `EndTime` and `Duration` are those of its stored files that overlap the window. A file that is being written is not listed.",
	},
	"DescribeLiveStreamRecordIndexFile": {
		"An id that the stream does not have is `InvalidRecord.NotFound`; the service documents no code.",
	},
	"DescribeLiveStreamRecordIndexFiles": {
		"The window selects by the time of creation. Listed are the index files that were made by `CreateLiveStreamRecordIndexFiles`; whether the service lists recorded files beside them it does not say, and here `DescribeLiveStreamRecordContent` and the callbacks tell of those.",
	},
	"DescribeLiveStreamsNotifyRecords": {
		"One entry is one attempt, the newest first. `NotifyContent` is the query that was sent.",
	},
	"UpdateLiveAppRecordConfig": {
		"`OnDemand`, `DelayTime`, `StartTime`, `EndTime` and `RecordFormat` that are absent stay as they are; the service does not say.",
		"A rule that does not exist is `InvalidConfig.NotFound`; the service documents no code.",
	},
	"DeleteLiveAppRecordConfig": {
		"A rule that does not exist is `InvalidConfig.NotFound`; the service documents no code.",
	},
	"UpdateLiveRecordNotifyConfig": {
		"An absent `OnDemandUrl` or `NotifyAuthKey` stays as it is, an empty one is cleared; the service does not say.",
	},
}
