package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

var addLiveAppRecordConfig = operation{
	name:     "AddLiveAppRecordConfig",
	summary:  "Adds the record config of a domain, app and stream: which pushes are recorded, in which formats, where to.",
	qps:      30,
	access:   accessCreate,
	resource: resourceDomain,
	params: slices.Concat([]parameter{
		streamingDomainParameter,
		{name: "AppName", about: "App of the pushes, or * for all.", limits: "1 to 255 letters, digits and -_.", example: "live"},
		{name: "StreamName", about: "Stream of the pushes, or * for all.", preset: "*", limits: "1 to 255 letters, digits and -_.", example: "show"},
		{name: "OssBucket", about: "Bucket that the files are stored in.", limits: "3 to 63 lower-case letters, digits and hyphens.", example: "recordings"},
		ossEndpointParameter,
		onDemandParameter.withPreset("0"),
		delayTimeParameter.withPreset("180"),
		recordFromParameter,
		recordUntilParameter,
	}, recordFormatParameters("RecordFormat", "One file format of the recordings. At least one is needed."), []parameter{
		templatesParameter,
	}, recordFormatParameters("TranscodeRecordFormat", "One file format for transcoded streams. Nothing is transcoded here, so that each is refused.")),
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.Invalid("AppName"),
		apierr.Invalid("StreamName"),
		apierr.InvalidOSSEndpointMalformed,
		apierr.InvalidOSSBucketMalformed,
		apierr.InvalidOSSBucketNotFound,
		apierr.Missing("RecordFormat"),
		apierr.InvalidFormatMalformed,
		apierr.InvalidFormatIllegalOperation,
		apierr.InvalidCycleDurationMalformed,
		apierr.MissingOSSObjectPrefix,
		apierr.InvalidOSSObjectPrefixMalformed,
		apierr.InvalidSliceDurationMalformed,
		apierr.MissingSliceOSSObjectPrefix,
		apierr.InvalidSliceObjectPrefixMalformed,
		apierr.InvalidTemplateForbidRaw,
		apierr.MissingTemplate,
		apierr.InvalidParameter("TranscodeTemplates"),
		apierr.InvalidDelayTime,
		apierr.InvalidStartTimeMismatch,
		apierr.InvalidEndTimeMismatch,
		apierr.ConfigAlreadyExists,
	},
	handler: handle((*Server).addLiveAppRecordConfig),
}

// recordFormatParameters documents a list of recordFormat.
func recordFormatParameters(name, about string) []parameter {
	return []parameter{
		{name: name, about: about, limits: "At most 3, each with another Format."},
		{name: name + ".N.Format", about: "Container.", limits: "m3u8, flv, mp4, cmaf", example: "mp4"},
		{name: name + ".N.CycleDuration", about: "Seconds after which a new file begins, at the next keyframe.", preset: "3600 for flv and mp4, 21600 for m3u8 and cmaf", limits: "5 to 21600", example: "3600", malformed: apierr.InvalidCycleDurationMalformed},
		{name: name + ".N.SliceDuration", about: "Seconds after which a new slice begins, at the next keyframe. It counts in the formats that have slices, m3u8 and cmaf.", preset: "30", limits: "5 to 30", example: "30", malformed: apierr.InvalidSliceDurationMalformed},
		{name: name + ".N.OssObjectPrefix", about: "Template of the object names, without extension. Mandatory. Known are {AppName}, {StreamName}, {Sequence}, {StartTime}, {EndTime}, {EscapedStartTime} and {EscapedEndTime}.", limits: "Less than 256 bytes, with both times of one kind.", example: "record/{AppName}/{StreamName}/{EscapedStartTime}_{EscapedEndTime}"},
		{name: name + ".N.SliceOssObjectPrefix", about: "Template of the object names of slices. Mandatory in m3u8 and cmaf, the formats that have slices. Known are {AppName}, {StreamName}, {UnixTimestamp} and {Sequence}.", limits: "Less than 256 bytes, with {UnixTimestamp} and {Sequence}.", example: "record/{AppName}/{StreamName}/{UnixTimestamp}_{Sequence}"},
	}
}

type addLiveAppRecordConfigRequest struct {
	DomainName             string         `rpc:"DomainName,required"`
	AppName                string         `rpc:"AppName,required"`
	StreamName             string         `rpc:"StreamName"`
	OSSBucket              string         `rpc:"OssBucket,required"`
	OSSEndpoint            string         `rpc:"OssEndpoint,required"`
	OnDemand               int32          `rpc:"OnDemand"`
	DelayTime              *int32         `rpc:"DelayTime"`
	StartTime              time.Time      `rpc:"StartTime"`
	EndTime                time.Time      `rpc:"EndTime"`
	RecordFormats          []recordFormat `rpc:"RecordFormat,max=3"`
	TranscodeTemplates     []string       `rpc:"TranscodeTemplates,max=10"`
	TranscodeRecordFormats []recordFormat `rpc:"TranscodeRecordFormat,max=3"`
}

// A recordFormat is one container of a record config, in a request.
type recordFormat struct {
	Format            string `rpc:"Format"`
	CycleDuration     *int32 `rpc:"CycleDuration"`
	SliceDuration     *int32 `rpc:"SliceDuration"`
	ObjectPrefix      string `rpc:"OssObjectPrefix"`
	SliceObjectPrefix string `rpc:"SliceOssObjectPrefix"`
}

func (s *Server) addLiveAppRecordConfig(ctx context.Context, c caller, q *addLiveAppRecordConfigRequest) (empty, error) {
	d, err := s.streamingDomain(ctx, c, q.DomainName)
	if err != nil {
		return empty{}, err
	}
	config, err := s.recordConfig(q)
	if err != nil {
		return empty{}, err
	}
	config.Domain = d.Name
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := streamingDomain(ctx, tx, c, d.Name); err != nil {
			return err
		}
		return tx.AddRecordConfig(ctx, config)
	})
}

// recordConfig validates q and fills in the defaults.
func (s *Server) recordConfig(q *addLiveAppRecordConfigRequest) (config live.RecordConfig, err error) {
	config = live.RecordConfig{
		App:         q.AppName,
		Stream:      streamOrAny(q.StreamName),
		OSSEndpoint: q.OSSEndpoint,
		OSSBucket:   q.OSSBucket,
		OnDemand:    live.OnDemand(q.OnDemand),
		StartTime:   q.StartTime,
		EndTime:     q.EndTime,
		CreatedAt:   s.now(),
	}
	switch {
	case !isNameOrAny(config.App):
		return config, apierr.Invalid("AppName")
	case !isNameOrAny(config.Stream):
		return config, apierr.Invalid("StreamName")
	case !isEndpoint(config.OSSEndpoint):
		return config, apierr.InvalidOSSEndpointMalformed
	case live.ValidateBucketName(config.OSSBucket) != nil:
		return config, apierr.InvalidOSSBucketMalformed
	case !s.buckets.HasBucket(config.OSSBucket):
		return config, apierr.InvalidOSSBucketNotFound
	case !s.supported.decidesBy(config.OnDemand):
		return config, apierr.Invalid("OnDemand")
	}
	if err := refuseTranscoding(q.TranscodeTemplates, len(q.TranscodeRecordFormats)); err != nil {
		return config, err
	}
	if config.Formats, err = s.supported.recordFormats(q.RecordFormats); err != nil {
		return config, err
	}
	config.DelayTime, err = seconds(q.DelayTime, live.DefaultDelayTime, live.MinDelayTime, live.MaxDelayTime, apierr.InvalidDelayTime)
	if err != nil {
		return config, err
	}
	return config, setRecordWindow(&config, config.CreatedAt)
}

// refuseTranscoding sees that a request asks for no transcoded streams.
func refuseTranscoding(templates []string, formats int) error {
	switch {
	case slices.Contains(templates, "raw"):
		return apierr.InvalidTemplateForbidRaw
	case len(templates) > 0:
		return apierr.InvalidParameter("TranscodeTemplates")
	case formats > 0:
		return apierr.MissingTemplate
	}
	return nil
}

// recordFormats validates the formats of a record config.
func (c capabilities) recordFormats(in []recordFormat) ([]live.RecordFormat, error) {
	if len(in) == 0 {
		return nil, apierr.Missing("RecordFormat")
	}
	out := make([]live.RecordFormat, 0, len(in))
	for _, f := range in {
		format, err := c.recordFormat(f)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(o live.RecordFormat) bool { return o.Format == format.Format }) {
			return nil, apierr.InvalidFormatIllegalOperation
		}
		out = append(out, format)
	}
	return out, nil
}

func (c capabilities) recordFormat(f recordFormat) (out live.RecordFormat, err error) {
	out = live.RecordFormat{
		Format:            live.Format(strings.ToLower(f.Format)),
		ObjectPrefix:      f.ObjectPrefix,
		SliceObjectPrefix: f.SliceObjectPrefix,
	}
	if !c.writes(out.Format) {
		return out, apierr.InvalidFormatMalformed
	}
	out.CycleDuration, err = seconds(f.CycleDuration, live.DefaultCycleDuration(out.Format), live.MinCycleDuration, live.MaxCycleDuration, apierr.InvalidCycleDurationMalformed)
	if err != nil {
		return out, err
	}
	switch {
	case out.ObjectPrefix == "":
		return out, apierr.MissingOSSObjectPrefix
	case live.ValidateObjectPrefix(out.ObjectPrefix) != nil:
		return out, apierr.InvalidOSSObjectPrefixMalformed
	}
	sliced := out.Format == live.FormatM3U8 || out.Format == live.FormatCMAF
	var preset time.Duration // none where there are no slices
	if sliced {
		preset = live.DefaultSliceDuration
	}
	out.SliceDuration, err = seconds(f.SliceDuration, preset, live.MinSliceDuration, live.MaxSliceDuration, apierr.InvalidSliceDurationMalformed)
	if err != nil {
		return out, err
	}
	switch {
	case out.SliceObjectPrefix == "" && sliced:
		return out, apierr.MissingSliceOSSObjectPrefix
	case out.SliceObjectPrefix != "" && live.ValidateSliceObjectPrefix(out.SliceObjectPrefix) != nil:
		return out, apierr.InvalidSliceObjectPrefixMalformed
	}
	return out, nil
}

// setRecordWindow validates the window of a config that is set now and cuts it to
// live.MaxRecordWindow.
func setRecordWindow(c *live.RecordConfig, now time.Time) error {
	start, end := c.StartTime, c.EndTime
	if !start.IsZero() && start.Sub(now).Abs() > live.MaxRecordWindow {
		return apierr.InvalidStartTimeMismatch
	}
	if end.IsZero() {
		return nil
	}
	if !end.After(start) || !end.After(now) {
		return apierr.InvalidEndTimeMismatch
	}
	if !start.IsZero() && end.Sub(start) > live.MaxRecordWindow {
		c.EndTime = start.Add(live.MaxRecordWindow)
	}
	return nil
}

// seconds returns n as a duration, or preset where n is absent, or the error if
// n is out of range.
func seconds(n *int32, preset, lowest, highest time.Duration, malformed *apierr.Error) (time.Duration, error) {
	if n == nil {
		return preset, nil
	}
	d := time.Duration(*n) * time.Second
	if d < lowest || d > highest {
		return 0, malformed
	}
	return d, nil
}

func isNameOrAny(s string) bool { return s == live.Any || live.ValidateName(s) == nil }

// isEndpoint reports whether s has 1 to 255 printable ASCII characters without
// blanks: an endpoint is a label here, so that its form is left to the client.
func isEndpoint(s string) bool {
	return s != "" && len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
