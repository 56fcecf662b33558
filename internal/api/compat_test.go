package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
)

// compatDir holds the pages that this file writes, beside those written by hand.
const compatDir = "../../docs/compat"

// byHand are the pages of compatDir that are not generated.
var byHand = []string{"choices.md"}

// commonErrors are those that every call can meet, in the order of the checks.
var commonErrors = []*apierr.Error{
	apierr.UnsupportedHTTPMethod, apierr.RequestTooLarge, apierr.TooManyParameters, apierr.InvalidFormat,
	apierr.Missing("AccessKeyId"), apierr.InvalidActionNotFound, apierr.InvalidVersion,
	apierr.InvalidSignatureMethod, apierr.InvalidTimeStampFormat, apierr.InvalidTimeStampExpired,
	apierr.InvalidAccessKeyIDNotFound, apierr.InvalidAccessKeyIDInactive, apierr.SignatureDoesNotMatchRPC("…"),
	apierr.MissingSecurityToken, apierr.InvalidSecurityTokenMalformed, apierr.InvalidSecurityTokenMismatch, apierr.InvalidSecurityTokenExpired,
	apierr.SignatureNonceUsed, apierr.Forbidden, apierr.ThrottlingUser, apierr.InternalError, apierr.ServiceUnavailable,
}

// differences are what a page says beyond what the tables of this package show.
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

// TestTheCompatibilityPagesAreCurrent holds docs/compat against the table of
// operations. With -update it writes the pages.
func TestTheCompatibilityPagesAreCurrent(t *testing.T) {
	t.Parallel()
	docs := documentation(t)
	pages := map[string][]byte{"README.md": compatIndex()}
	for _, op := range slices.Concat(operations, ownOperations) {
		pages[op.name+".md"] = compatPage(op, docs[op.name])
	}
	if *update {
		writePages(t, pages)
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		got, err := os.ReadFile(filepath.Join(compatDir, name))
		if err != nil || !bytes.Equal(got, pages[name]) {
			t.Errorf("docs/compat/%s is not what the table of operations says: run make generate (%v)", name, err)
		}
	}
	entries, err := os.ReadDir(compatDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if pages[e.Name()] == nil && !slices.Contains(byHand, e.Name()) {
			t.Errorf("docs/compat/%s belongs to no operation", e.Name())
		}
	}
	for name := range differences {
		if pages[name+".md"] == nil {
			t.Errorf("differences of %s, which has no page", name)
		}
	}
}

func writePages(t *testing.T, pages map[string][]byte) {
	t.Helper()
	if err := os.MkdirAll(compatDir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, page := range pages {
		if err := os.WriteFile(filepath.Join(compatDir, name), page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// documentation reads what the vendor's schema says of the operations.
func documentation(t *testing.T) (docs map[string]documented) {
	t.Helper()
	b, err := os.ReadFile("testdata/operations.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &docs); err != nil {
		t.Fatal(err)
	}
	return docs
}

const generated = "<!-- Code generated by make generate. DO NOT EDIT. -->\n\n"

func compatIndex() []byte {
	done := map[string]*operation{}
	for _, op := range operations {
		done[op.name] = op
	}
	var table strings.Builder
	for _, name := range operationNames() {
		if op := done[name]; op != nil {
			fmt.Fprintf(&table, "| [%s](%s.md) | done | %s |\n", name, name, cell(op.summary))
		} else {
			fmt.Fprintf(&table, "| %s | not offered | |\n", name)
		}
	}
	var b bytes.Buffer
	b.WriteString(generated)
	fmt.Fprintf(&b, "# Operations\n\nThe API of version %s has %d operations. Tallylight answers %d of them, each with a page of\n", apiVersion, len(operationNames()), len(operations))
	fmt.Fprintf(&b, "its own. All others are known by name: after the checks that every call goes through they are\nrefused with `%s`.\n", apierr.UnsupportedOperation("").Code)
	b.WriteString("A name that the API does not have is `InvalidAction.NotFound`.\n\nWhere the service leaves a point open, [choices.md](choices.md) says what Tallylight does.\n\n")
	b.WriteString("| operation | state | what it does |\n| --- | --- | --- |\n")
	b.WriteString(table.String())
	b.WriteString("\n## Operations of ours\n\nThe service does not have these. They are called and signed as the others are.\n\n| operation | what it does |\n| --- | --- |\n")
	for _, op := range ownOperations {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s |\n", op.name, op.name, cell(op.summary))
	}
	b.WriteString("\n## Errors of every call\n\n| HTTP | code | message |\n| --- | --- | --- |\n")
	writeErrors(&b, commonErrors)
	return b.Bytes()
}

func compatPage(op *operation, doc documented) []byte {
	var b bytes.Buffer
	b.WriteString(generated)
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", op.name, op.summary)
	if slices.Contains(ownOperations, op) {
		b.WriteString("This operation is ours: the service does not have it.\n\n")
	}
	fmt.Fprintf(&b, "At most %d calls a second and account. In policies: action `live:%s`, resource `%s`, access level %s.\n\n", op.qps, op.name, op.resource, op.access)

	b.WriteString("## Parameters\n\n| name | type | mandatory | default | limits | meaning | example |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	fields := requestFields(op.request, "")
	for _, p := range op.params {
		f := fields[p.name]
		mandatory := ""
		if f.Required {
			mandatory = "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", p.name, wireType(f.Type), mandatory, code(p.preset), cell(p.limits), cell(p.about), code(p.example))
	}

	b.WriteString("\n## Answer\n\n")
	if op.response.Kind() == reflect.Struct {
		b.WriteString("- `RequestId` string\n")
		writeMembers(&b, op.response, "")
	} else {
		b.WriteString("A stream of events, for as long as the caller stays.\n")
	}

	b.WriteString("\n## Errors\n\nBeside [those of every call](README.md#errors-of-every-call):\n\n| HTTP | code | message |\n| --- | --- | --- |\n")
	writeErrors(&b, sortedErrors(op))

	notes := slices.Concat(differences[op.name], errorNotes(op, doc))
	if len(notes) > 0 {
		b.WriteString("\n## Differences and choices\n\n")
		for _, note := range notes {
			fmt.Fprintf(&b, "- %s\n", note)
		}
	}
	return b.Bytes()
}

func writeErrors(b *bytes.Buffer, list []*apierr.Error) {
	for _, e := range list {
		fmt.Fprintf(b, "| %d | %s | %s |\n", e.Status, e.Code, cell(e.Message))
	}
}

// requestFields returns the fields of a request struct by their documented names.
func requestFields(t reflect.Type, prefix string) map[string]wire.Field {
	fields := map[string]wire.Field{}
	for _, f := range wire.Fields(t) {
		fields[prefix+f.Name] = f
		if f.Max > 0 && f.Type.Elem().Kind() == reflect.Struct {
			maps.Copy(fields, requestFields(f.Type.Elem(), prefix+f.Name+".N."))
		}
	}
	return fields
}

// writeMembers lists the members of an answer as a nested list.
func writeMembers(b *bytes.Buffer, t reflect.Type, indent string) {
	for _, f := range wire.Fields(t) {
		fmt.Fprintf(b, "%s- `%s` %s\n", indent, f.Name, wireType(f.Type))
		elem := f.Type
		if elem.Kind() == reflect.Slice {
			elem = elem.Elem()
		}
		if elem.Kind() == reflect.Struct {
			writeMembers(b, elem, indent+"  ")
		}
	}
}

// wireType names a type as a reader of the wire knows it.
func wireType(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return wireType(t.Elem())
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case t.Kind() == reflect.Slice:
		return "list of " + wireType(t.Elem()) + "s"
	case t.Kind() == reflect.Struct:
		return "object"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Float32:
		return "number"
	}
	return "integer"
}

// sortedErrors returns the errors of an operation, each text once, by code.
func sortedErrors(op *operation) []*apierr.Error {
	list := slices.DeleteFunc(op.declared(), func(e *apierr.Error) bool {
		return e == apierr.InternalError || e == apierr.ServiceUnavailable
	})
	slices.SortStableFunc(list, func(a, b *apierr.Error) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(list, func(a, b *apierr.Error) bool { return a.Code == b.Code && a.Message == b.Message })
}

// errorNotes tells of documented errors and parameters that are treated
// otherwise, and why.
func errorNotes(op *operation, doc documented) (notes []string) {
	for _, p := range doc.Parameters {
		if why := optionalHere[op.name+" "+p.Name]; why != "" {
			notes = append(notes, fmt.Sprintf("`%s` is documented as mandatory and may be absent: %s.", p.Name, why))
		}
	}
	declared := map[string]bool{}
	for _, e := range op.declared() {
		declared[e.Code] = true
	}
	var dropped []string
	for _, e := range doc.Errors {
		why := cmp.Or(notDeclared[op.name+" "+e.Code], notDeclared[e.Code])
		switch {
		case declared[e.Code], e.Code == apierr.Forbidden.Code:
		case why != "":
			notes = append(notes, fmt.Sprintf("`%s` does not occur: %s.", e.Code, why))
		default:
			dropped = append(dropped, "`"+e.Code+"`")
		}
	}
	if len(dropped) > 0 {
		notes = append(notes, "These documented errors are about what only the service has, and do not occur: "+strings.Join(dropped, ", ")+".")
	}
	return slices.Compact(notes)
}

// cell escapes text for a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}
