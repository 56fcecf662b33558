package apierr

// explanations holds the codes that stand for one thing, sorted.
var explanations = map[string]Explanation{
	"Abs.CheckUrl.Malformed": {
		Meaning: "CheckUrl is no URL.",
		Cause:   "It is not an absolute http or https URL.",
		Remedy:  "Give a complete URL, or leave it out.",
	},
	"CdnTypeNotSupportExtensiveDomain": {
		Meaning: "Wildcard domains do not exist for live streaming.",
		Cause:   "DomainName begins with a dot.",
		Remedy:  "Add each domain by its full name.",
	},
	"CodeConfigNotFound": {
		Meaning: "No record config matches the stream.",
		Cause:   "There is none for this stream, its app or all apps of the domain.",
		Remedy:  "Add one with AddLiveAppRecordConfig; OnDemand 7 leaves the decision to commands.",
	},
	"ConfigAlreadyExists": {
		Meaning: "There is such a configuration already.",
		Cause:   "The domain, app and stream, or the mapping, is configured.",
		Remedy:  "Change it with the Update operation, or delete it first.",
	},
	"Duration.Exceed": {
		Meaning: "The window is too long or too old.",
		Cause:   "StartTime and EndTime are farther apart than the operation allows, or StartTime is more than 7 days ago.",
		Remedy:  "Ask for shorter or later windows.",
	},
	"EntityNotExists.ResourceGroup": {
		Meaning: "There is no such resource group.",
		Cause:   "This server has no resource groups.",
		Remedy:  "Leave ResourceGroupId out.",
	},
	"Forbidden": {
		Meaning: "The policies of the user do not allow the call.",
		Cause:   "No policy allows the action on the resource, or one denies it. AccessDeniedDetail says which.",
		Remedy:  "Have the account attach a policy that allows the action on the domain.",
	},
	"IllegalOperation": {
		Meaning: "The domain is of a type that the operation does not take.",
		Cause:   "Most operations take a streaming domain (liveVideo). An ingest domain (liveEdge) was named, or one without a mapping.",
		Remedy:  "Name the streaming domain. Operations on push callbacks take the ingest domain; the page of the operation says which.",
	},
	"InternalError": {
		Meaning: "The server could not carry out the call.",
		Cause:   "Something failed inside the server that is no fault of the request. A call that changes something may have taken effect.",
		Remedy:  "Look up the RequestId in the server's log. Repeat the call once the cause is removed.",
	},
	"InvalidAccessKeyId.Inactive": {
		Meaning: "The access key is disabled.",
		Cause:   "It was switched off.",
		Remedy:  "Enable it with tallylight keys, or use another one.",
	},
	"InvalidAccessKeyId.NotFound": {
		Meaning: "The server does not know the access key.",
		Cause:   "The id is misspelt, the key was deleted, or it is one of another server.",
		Remedy:  "List the keys with tallylight keys, and check ALIBABA_CLOUD_ACCESS_KEY_ID.",
	},
	"InvalidAction.NotFound": {
		Meaning: "There is no such operation.",
		Cause:   "Action is absent or misspelt, the API does not have it, or the path of the URL is not /.",
		Remedy:  "Check Action, x-acs-action and the endpoint. Upper and lower case count.",
	},
	"InvalidArgName.ValueNotSupported": {
		Meaning: "The function has no such argument.",
		Cause:   "The message names it. aliauth has auth_type, auth_key1, auth_key2, ali_auth_delta and auth_m3u8.",
		Remedy:  "Remove or correct the argument.",
	},
	"InvalidArgValue.Malformed": {
		Meaning: "The value of an argument is no text.",
		Cause:   "argValue is a number, an object or absent.",
		Remedy:  "Write every argValue as a JSON string.",
	},
	"InvalidBucket.NotFound": {
		Meaning: "The server has no such bucket.",
		Cause:   "Buckets are configured (storage.buckets), and this one is not among them.",
		Remedy:  "Add the bucket to the server's configuration, or name one that is there.",
	},
	"InvalidConfig.Changed": {
		Meaning: "The slices lie in more than one bucket.",
		Cause:   "The bucket of the record config was changed within the window.",
		Remedy:  "Ask for a window before the change and one after it.",
	},
	"InvalidConfig.NotFound": {
		Meaning: "There is no such configuration.",
		Cause:   "It was never added, was deleted, or belongs to another app or stream.",
		Remedy:  "List the configurations with the Describe operation, and add it if it is missing.",
	},
	"InvalidCycleDuration.Malformed": {
		Meaning: "CycleDuration cannot be used.",
		Cause:   "It is no integer, or not within 5 to 21600 seconds.",
		Remedy:  "Give 5 to 21600, or leave it out.",
	},
	"InvalidDelayTime": {
		Meaning: "DelayTime cannot be used.",
		Cause:   "It is no integer, or not within 15 to 21600 seconds.",
		Remedy:  "Give 15 to 21600, or leave it out.",
	},
	"InvalidDomain.NotFound": {
		Meaning: "The account has no such domain.",
		Cause:   "The name is misspelt, the domain was not added or was deleted, or it belongs to another account.",
		Remedy:  "List the domains with DescribeLiveUserDomains, and add the domain with AddLiveDomain if it is missing.",
	},
	"InvalidDomainName.Malformed": {
		Meaning: "DomainName is no domain name.",
		Cause:   "It has one label only, other characters than letters, digits and hyphens, or is too long.",
		Remedy:  "Give a host name of at least two labels, such as play.example.com.",
	},
	"InvalidDomainSearchType.Malformed": {
		Meaning: "DomainSearchType is not even the form of a search type.",
		Cause:   "It has other characters than lower-case letters and underscores.",
		Remedy:  "Give fuzzy_match, pre_match, suf_match or full_match.",
	},
	"InvalidDomainSearchType.ValueNotSupported": {
		Meaning: "DomainSearchType is unknown.",
		Cause:   "It is none of the search types.",
		Remedy:  "Give fuzzy_match, pre_match, suf_match or full_match.",
	},
	"InvalidDomainStatus.ValueNotSupported": {
		Meaning: "DomainStatus is unknown.",
		Cause:   "It is none of online, offline and configuring.",
		Remedy:  "Give one of them, or leave it out.",
	},
	"InvalidEndTime.Malformed": {
		Meaning: "EndTime is no time.",
		Cause:   "It is not written as 2026-11-23T08:00:00Z.",
		Remedy:  "Give UTC to the second, with T and Z.",
	},
	"InvalidEndTime.Mismatch": {
		Meaning: "EndTime does not fit StartTime or the present.",
		Cause:   "It is not after StartTime, has passed already, or makes the window longer than the operation allows.",
		Remedy:  "Give a later or nearer time within the limits of the parameter.",
	},
	"InvalidFormat.IllegalOperation": {
		Meaning: "A format is given more than once.",
		Cause:   "Two entries of RecordFormat have the same Format.",
		Remedy:  "Give each format once.",
	},
	"InvalidFormat.Malformed": {
		Meaning: "A format of RecordFormat is unknown.",
		Cause:   "Format is absent, or none of m3u8, flv, mp4 and cmaf.",
		Remedy:  "Give one of them.",
	},
	"InvalidFunctionArgs.Malformed": {
		Meaning: "The arguments of a function cannot be used.",
		Cause:   "functionArgs is empty, or an argument has no name or is given twice.",
		Remedy:  "Correct functionArgs.",
	},
	"InvalidFunctionName.ValueNotSupported": {
		Meaning: "Domains do not have this function here.",
		Cause:   "Only aliauth exists; the message names what was asked for.",
		Remedy:  "Ask for aliauth alone.",
	},
	"InvalidFunctions.Malformed": {
		Meaning: "Functions is not the list that it has to be.",
		Cause:   "It is no JSON, no list, or a function is given twice.",
		Remedy:  "Give a JSON list of one object with functionName and functionArgs.",
	},
	"InvalidLiveDomainType.ValueNotSupported": {
		Meaning: "LiveDomainType is unknown.",
		Cause:   "It is neither liveVideo nor liveEdge.",
		Remedy:  "Give one of them, or leave it out.",
	},
	"InvalidNotifyAuthKey.Malformed": {
		Meaning: "NotifyAuthKey cannot be used.",
		Cause:   "It is not 16 to 64 letters and digits.",
		Remedy:  "Give such a key; random ones are best.",
	},
	"InvalidNotifyUrl.Malformed": {
		Meaning: "NotifyUrl is no URL that can be called.",
		Cause:   "It is not an absolute http or https URL, is longer than 2048 bytes, or has a user, a fragment or control characters.",
		Remedy:  "Give a complete URL without user and fragment.",
	},
	"InvalidNotifyUrl.Unsafe": {
		Meaning: "NotifyUrl leads to an address that may not be called.",
		Cause:   "One of the addresses of its host is not public: loopback, private, link-local or reserved.",
		Remedy:  "Use a public address, or allow the network in callbacks.allow_networks or the host in callbacks.allow_hosts. Link-local addresses stay refused.",
	},
	"InvalidOnDemandUrl.Malformed": {
		Meaning: "OnDemandUrl is no URL that can be called.",
		Cause:   "It is not an absolute http or https URL, is longer than 2048 bytes, or has a user, a fragment or control characters.",
		Remedy:  "Give a complete URL without user and fragment.",
	},
	"InvalidOnDemandUrl.Unsafe": {
		Meaning: "OnDemandUrl leads to an address that may not be called.",
		Cause:   "One of the addresses of its host is not public: loopback, private, link-local or reserved.",
		Remedy:  "Use a public address, or allow the network in callbacks.allow_networks or the host in callbacks.allow_hosts. Link-local addresses stay refused.",
	},
	"InvalidOssBucket.Malformed": {
		Meaning: "OssBucket is no name of a bucket.",
		Cause:   "It has other characters than lower-case letters, digits and hyphens, or not 3 to 63 of them.",
		Remedy:  "Correct the name.",
	},
	"InvalidOssBucket.NotFound": {
		Meaning: "The server has no such bucket.",
		Cause:   "Buckets are configured (storage.buckets), and this one is not among them.",
		Remedy:  "Add the bucket to the server's configuration, or name one that is there.",
	},
	"InvalidOssEndpoint.Malformed": {
		Meaning: "OssEndpoint cannot be used.",
		Cause:   "It is longer than 255 characters, or holds blanks or characters that are not printable.",
		Remedy:  "Give the host name of the endpoint, such as oss-cn-shanghai.aliyuncs.com.",
	},
	"InvalidOssObject.Malformed": {
		Meaning: "OssObject cannot be used.",
		Cause:   "The name is too long, has an unknown variable, leads out of the bucket, or belongs to other content already.",
		Remedy:  "Choose another name; {Hour}, {Minute} and {Second} keep names apart.",
	},
	"InvalidOssObjectPrefix.Malformed": {
		Meaning: "The template of the object names cannot be used.",
		Cause:   "It is too long, lacks the times, mixes {StartTime} and {EscapedEndTime}, has an unknown variable, or leads out of the bucket.",
		Remedy:  "Take a template such as record/{AppName}/{StreamName}/{EscapedStartTime}_{EscapedEndTime}.",
	},
	"InvalidPageNumber.ValueNotSupported": {
		Meaning: "PageNumber is outside its limits.",
		Cause:   "It is not within 1 to 100000, or no integer.",
		Remedy:  "Give a number within the limits, or leave it out.",
	},
	"InvalidPageSize.ValueNotSupported": {
		Meaning: "PageSize is outside its limits.",
		Cause:   "It is not within 1 to 500, or no integer.",
		Remedy:  "Give a number within the limits, or leave it out.",
	},
	"InvalidParam": {
		Meaning: "A parameter cannot be used.",
		Cause:   "A value is outside its limits, or asks for what this server does not offer.",
		Remedy:  "Check each parameter against the page of the operation.",
	},
	"InvalidParameter": {
		Meaning: "A parameter cannot be used; the message names it.",
		Cause:   "It occurs twice, is not well encoded, is no parameter of the operation, or asks for what this server does not offer.",
		Remedy:  "Correct or remove the parameter that the message names.",
	},
	"InvalidParameter.Format": {
		Meaning: "Format is unknown.",
		Cause:   "It is neither JSON nor XML.",
		Remedy:  "Give one of them. Without Format the answer is XML.",
	},
	"InvalidParams": {
		Meaning: "A parameter cannot be used.",
		Cause:   "A value is outside its limits, such as RemoveFile other than true and false.",
		Remedy:  "Check each parameter against the page of the operation.",
	},
	"InvalidPullDomain": {
		Meaning: "PullDomain is no streaming domain.",
		Cause:   "The domain is of type liveEdge.",
		Remedy:  "Name a domain of type liveVideo.",
	},
	"InvalidPushDomain": {
		Meaning: "PushDomain is no ingest domain.",
		Cause:   "The domain is of type liveVideo.",
		Remedy:  "Name a domain of type liveEdge.",
	},
	"InvalidRecord.NotFound": {
		Meaning: "There is no such index file.",
		Cause:   "RecordId is misspelt, belongs to another stream, or the index file was deleted or is older than 180 days.",
		Remedy:  "List the index files with DescribeLiveStreamRecordIndexFiles.",
	},
	"InvalidRegion.Malformed": {
		Meaning: "Region cannot be used.",
		Cause:   "It is not 1 to 64 lower-case letters, digits and hyphens.",
		Remedy:  "Give a region such as cn-shanghai.",
	},
	"InvalidResumeTime.Malformed": {
		Meaning: "ResumeTime cannot be used.",
		Cause:   "It is not written as 2026-11-23T08:00:00Z, or is not in the future.",
		Remedy:  "Give a time to come, in UTC, or leave it out.",
	},
	"InvalidScope.Malformed": {
		Meaning: "Scope cannot be used.",
		Cause:   "It is none of domestic, overseas and global.",
		Remedy:  "Give one of them, or leave it out.",
	},
	"InvalidSecurityToken.Expired": {
		Meaning: "The security token has expired.",
		Cause:   "The temporary key is past its time.",
		Remedy:  "Have a new temporary key issued.",
	},
	"InvalidSecurityToken.Malformed": {
		Meaning: "The security token cannot be one.",
		Cause:   "It is longer than 2048 bytes or holds characters that tokens do not have.",
		Remedy:  "Send the token as it was issued.",
	},
	"InvalidSecurityToken.MismatchWithAccessKey": {
		Meaning: "The security token does not belong to the access key.",
		Cause:   "It is the token of another key, or the key is permanent and has none.",
		Remedy:  "Send id, secret and token of the same key; with a permanent key send no token.",
	},
	"InvalidSignatureMethod": {
		Meaning: "The method of the signature is unknown.",
		Cause:   "It is none of HMAC-SHA1, ACS3-HMAC-SHA256 and ACS3-HMAC-SM3, or a bearer token was sent.",
		Remedy:  "Sign with an access key by one of them.",
	},
	"InvalidSliceDuration.Malformed": {
		Meaning: "SliceDuration cannot be used.",
		Cause:   "It is no integer, or not within 5 to 30 seconds.",
		Remedy:  "Give 5 to 30, or leave it out.",
	},
	"InvalidSliceOssObjectPrefix.Malformed": {
		Meaning: "The template of the object names of slices cannot be used.",
		Cause:   "It is too long, lacks {UnixTimestamp} or {Sequence}, has an unknown variable, or leads out of the bucket.",
		Remedy:  "Take a template such as record/{AppName}/{StreamName}/{UnixTimestamp}_{Sequence}.",
	},
	"InvalidStartTime.Malformed": {
		Meaning: "StartTime is no time.",
		Cause:   "It is not written as 2026-11-23T08:00:00Z.",
		Remedy:  "Give UTC to the second, with T and Z.",
	},
	"InvalidStartTime.Mismatch": {
		Meaning: "StartTime lies too far in the future.",
		Cause:   "It is more than 7 days from now.",
		Remedy:  "Give an earlier time, and check the clocks.",
	},
	"InvalidStartTime.ValueNotSupported": {
		Meaning: "StartTime is too long ago.",
		Cause:   "The history goes back 90 days.",
		Remedy:  "Give a later time.",
	},
	"InvalidStream.NotFound": {
		Meaning: "The stream is not known.",
		Cause:   "It was not pushed within the last 90 days, or app or stream is misspelt.",
		Remedy:  "Look for the stream with DescribeLiveStreamsPublishList.",
	},
	"InvalidTemplate.ForbidRaw": {
		Meaning: "A transcoding template is named raw.",
		Cause:   "raw stands for the stream as it is pushed and cannot be among TranscodeTemplates.",
		Remedy:  "Leave TranscodeTemplates out: streams are recorded as they are pushed.",
	},
	"InvalidTemplateLength.Malformed": {
		Meaning: "There are too many TranscodeTemplates.",
		Cause:   "More than 10 were given.",
		Remedy:  "Leave TranscodeTemplates out: nothing is transcoded here.",
	},
	"InvalidTimeStamp.Expired": {
		Meaning: "The request was signed too long ago, or in the future.",
		Cause:   "Its time is more than 15 minutes away from the server's.",
		Remedy:  "Set the clock of the client, and sign each request anew. Times are UTC.",
	},
	"InvalidTimeStamp.Format": {
		Meaning: "The time of the request cannot be read.",
		Cause:   "Timestamp or x-acs-date is not written as 2026-11-23T08:00:00Z.",
		Remedy:  "Give UTC to the second, with T and Z.",
	},
	"InvalidVersion": {
		Meaning: "The version of the API is unknown.",
		Cause:   "Version or x-acs-version is not 2016-11-01.",
		Remedy:  "Give 2016-11-01.",
	},
	"LockFail": {
		Meaning: "The domain exists already.",
		Cause:   "This account or another one has added it.",
		Remedy:  "Choose another name, or delete the domain first.",
	},
	"MalformedParam": {
		Meaning: "A parameter cannot be used; the message names it.",
		Cause:   "App or stream holds *, or the command is none of start, stop, cancel_delay and restart.",
		Remedy:  "Correct the parameter that the message names.",
	},
	"MalformedParams": {
		Meaning: "A parameter cannot be used; the message names it.",
		Cause:   "A time, a number or a status is not written as its page says, or EndTime is not after StartTime.",
		Remedy:  "Correct the parameter that the message names.",
	},
	"MissingNotifyAuthKey": {
		Meaning: "Callbacks shall be signed, but there is no key.",
		Cause:   "NotifyReqAuth is on, and NotifyAuthKey is absent or empty.",
		Remedy:  "Give NotifyAuthKey, or switch NotifyReqAuth off.",
	},
	"MissingSecurityToken": {
		Meaning: "The access key is temporary and came without its token.",
		Cause:   "SecurityToken or x-acs-security-token is absent.",
		Remedy:  "Send the token that belongs to the key.",
	},
	"MissingTemplate": {
		Meaning: "TranscodeRecordFormat comes without TranscodeTemplates.",
		Cause:   "Formats of transcoded streams were given, but no stream that they are for.",
		Remedy:  "Leave TranscodeRecordFormat out: nothing is transcoded here.",
	},
	"NoRecordContent": {
		Meaning: "Nothing was recorded in the window.",
		Cause:   "The stream was not recorded to m3u8 then, or its slices are not stored yet.",
		Remedy:  "Check the window and the record config; ask again when the slices are stored.",
	},
	"OperationNotSupport": {
		Meaning: "Index files can be made of m3u8 recordings only.",
		Cause:   "The stream was recorded to other formats in the window.",
		Remedy:  "Add m3u8 to the record config for recordings to come.",
	},
	"QuotaExceeded.Blacklist": {
		Meaning: "Too many streams of the domain are forbidden.",
		Cause:   "There are 10,000 already.",
		Remedy:  "Allow streams again with ResumeLiveStream, or forbid with a ResumeTime.",
	},
	"RecordContentExceed": {
		Meaning: "The window holds too many slices.",
		Cause:   "There are more than 20,000.",
		Remedy:  "Ask for shorter windows.",
	},
	"RequestTooLarge": {
		Meaning: "The body of the request is too large.",
		Cause:   "It is longer than 1 MiB.",
		Remedy:  "Send less.",
	},
	"ServiceUnavailable": {
		Meaning: "The server cannot carry out the call at this moment.",
		Cause:   "The store does not answer in time, or the server is shutting down.",
		Remedy:  "Repeat the call after a moment, later each time. If it lasts, check database, disk and the server's log.",
	},
	"SignatureDoesNotMatch": {
		Meaning: "The signature is not that of this request.",
		Cause:   "The secret is another one, or what was signed differs from what was sent: method, encoding, order, or a host that a proxy has changed.",
		Remedy:  "Compare the string at the end of the message with the one that the client signed. If they are equal, the secret is wrong.",
	},
	"SignatureNonceUsed": {
		Meaning: "The request was sent before.",
		Cause:   "Its nonce was used with this key within the last half hour.",
		Remedy:  "Give each request a new random nonce, and sign it anew for each attempt.",
	},
	"StreamNotFound": {
		Meaning: "The stream is not live.",
		Cause:   "Nobody pushes it now, or domain, app or stream is misspelt.",
		Remedy:  "Look for it with DescribeLiveStreamsOnlineList.",
	},
	"TaskAlreadyStarted": {
		Meaning: "The stream is being recorded already.",
		Cause:   "start was sent before, or the record config records every push.",
		Remedy:  "Nothing has to be done; restart begins new files.",
	},
	"TaskNotStarted": {
		Meaning: "The stream is not being recorded.",
		Cause:   "stop or cancel_delay was sent for a stream without a recording.",
		Remedy:  "Send start first.",
	},
	"Throttling": {
		Meaning: "The server cannot take the call now.",
		Cause:   "Something that all callers share is used up, such as the followers of events or the memory of nonces.",
		Remedy:  "Repeat the call after a moment, later each time.",
	},
	"Throttling.User": {
		Meaning: "The account calls the operation too often.",
		Cause:   "More calls came within a second than the operation allows an account with all its keys.",
		Remedy:  "Wait as long as x-acs-retry-after says, in milliseconds, and send less often. api.qps_factor raises all limits.",
	},
	"TooManyParameters": {
		Meaning: "The request has too many parameters.",
		Cause:   "There are more than 512.",
		Remedy:  "Send fewer; parameters that the operation does not know count, too.",
	},
	"TopLevelDomain.Mismatch": {
		Meaning: "DomainName is not part of TopLevelDomain.",
		Cause:   "DomainName does not end with a dot and TopLevelDomain.",
		Remedy:  "Correct one of the two, or leave TopLevelDomain out.",
	},
	"TopLevelDomain.NotFound": {
		Meaning: "TopLevelDomain is no domain.",
		Cause:   "It has one label only, or characters that domains do not have.",
		Remedy:  "Give a domain such as example.com, or leave it out.",
	},
	"UnsupportedHTTPMethod": {
		Meaning: "Only GET and POST are answered.",
		Cause:   "The request came by another method.",
		Remedy:  "Send it by GET or POST.",
	},
	"UnsupportedOperation": {
		Meaning: "The service has the operation, and this server does not offer it.",
		Cause:   "It is about something that a recorder does not do, or that is not built.",
		Remedy:  "Do without it; the list of operations says what is offered.",
	},
}

// patterns holds the codes that are made with the name of a parameter or an
// argument, which stands where {} does; the first that fits explains the code.
var patterns = []struct {
	prefix, suffix string
	Explanation
}{
	{"MissingParameter", "", Explanation{
		Meaning: "The argument {} of a function is absent or empty.",
		Cause:   "The other arguments demand it, as auth_type type_a demands auth_key1.",
		Remedy:  "Add {} to functionArgs.",
	}},
	{"Missing", "", Explanation{
		Meaning: "The mandatory parameter {} is absent or empty.",
		Cause:   "The request does not have it, or it was sent in a place that is not read, such as a body that is no form.",
		Remedy:  "Send {} in the query or in a form body.",
	}},
	{"Invalid", ".Malformed", Explanation{
		Meaning: "The value of the argument {} cannot be used.",
		Cause:   "It is outside the limits that the parameter Functions describes.",
		Remedy:  "Correct the argument {}.",
	}},
	{"Invalid", "", Explanation{
		Meaning: "The value of {} cannot be used.",
		Cause:   "It is of the wrong type or outside the limits of the parameter.",
		Remedy:  "Give a value that the page of the operation allows.",
	}},
}
