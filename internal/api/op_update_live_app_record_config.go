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

var updateLiveAppRecordConfig = operation{
	name:     "UpdateLiveAppRecordConfig",
	summary:  "Changes a record config, from the next push on. What is not given stays as it is; bucket and object names cannot be changed.",
	qps:      30,
	access:   accessUpdate,
	resource: resourceDomain,
	params: slices.Concat([]parameter{
		streamingDomainParameter,
		configAppParameter,
		configStreamParameter,
		ossEndpointParameter,
		onDemandParameter,
		delayTimeParameter,
		recordFromParameter,
		recordUntilParameter,
	}, formatTimingParameters("RecordFormat", "The formats of the config. If any is given, formats that are not are dropped; a new one cannot be added, because it would need an object name."), []parameter{
		templatesParameter,
	}, formatTimingParameters("TranscodeRecordFormat", "One file format for transcoded streams. Nothing is transcoded here, so that each is refused.")),
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.InvalidConfigNotFound,
		apierr.InvalidOSSEndpointMalformed,
		apierr.InvalidFormatMalformed,
		apierr.InvalidFormatIllegalOperation,
		apierr.InvalidCycleDurationMalformed,
		apierr.InvalidSliceDurationMalformed,
		apierr.MissingOSSObjectPrefix,
		apierr.InvalidTemplateForbidRaw,
		apierr.MissingTemplate,
		apierr.InvalidParameter("TranscodeTemplates"),
		apierr.InvalidDelayTime,
		apierr.InvalidStartTimeMismatch,
		apierr.InvalidEndTimeMismatch,
	},
	handler: handle((*Server).updateLiveAppRecordConfig),
}

// formatTimingParameters documents a list of formatTiming.
func formatTimingParameters(name, about string) []parameter {
	return []parameter{
		{name: name, about: about, limits: "At most 3, each with another Format."},
		{name: name + ".N.Format", about: "Container.", limits: "m3u8, flv, mp4, cmaf", example: "mp4"},
		{name: name + ".N.CycleDuration", about: "Seconds after which a new file begins, at the next keyframe.", limits: "5 to 21600", example: "3600", malformed: apierr.InvalidCycleDurationMalformed},
		{name: name + ".N.SliceDuration", about: "Seconds after which a new slice begins, at the next keyframe. It counts in the formats that have slices, m3u8 and cmaf.", limits: "5 to 30", example: "30", malformed: apierr.InvalidSliceDurationMalformed},
	}
}

type updateLiveAppRecordConfigRequest struct {
	DomainName             string         `rpc:"DomainName,required"`
	AppName                string         `rpc:"AppName,required"`
	StreamName             string         `rpc:"StreamName"`
	OSSEndpoint            string         `rpc:"OssEndpoint,required"`
	OnDemand               *int32         `rpc:"OnDemand"`
	DelayTime              *int32         `rpc:"DelayTime"`
	StartTime              time.Time      `rpc:"StartTime"`
	EndTime                time.Time      `rpc:"EndTime"`
	RecordFormats          []formatTiming `rpc:"RecordFormat,max=3"`
	TranscodeTemplates     []string       `rpc:"TranscodeTemplates,max=10"`
	TranscodeRecordFormats []formatTiming `rpc:"TranscodeRecordFormat,max=3"`
}

// A formatTiming is what an update can change of one container.
type formatTiming struct {
	Format        string `rpc:"Format"`
	CycleDuration *int32 `rpc:"CycleDuration"`
	SliceDuration *int32 `rpc:"SliceDuration"`
}

func (s *Server) updateLiveAppRecordConfig(ctx context.Context, c caller, q *updateLiveAppRecordConfigRequest) (empty, error) {
	return empty{}, s.store.Update(ctx, func(tx store.Tx) error {
		d, err := streamingDomain(ctx, tx, c, q.DomainName)
		if err != nil {
			return err
		}
		config, err := tx.RecordConfig(ctx, live.StreamKey{Domain: d.Name, App: q.AppName, Stream: streamOrAny(q.StreamName)})
		if err != nil {
			return err
		}
		if err := s.changeRecordConfig(&config, q); err != nil {
			return err
		}
		return tx.SetRecordConfig(ctx, config)
	})
}

// changeRecordConfig validates q and makes its changes.
func (s *Server) changeRecordConfig(config *live.RecordConfig, q *updateLiveAppRecordConfigRequest) (err error) {
	if !isEndpoint(q.OSSEndpoint) {
		return apierr.InvalidOSSEndpointMalformed
	}
	config.OSSEndpoint = q.OSSEndpoint
	if q.OnDemand != nil {
		config.OnDemand = live.OnDemand(*q.OnDemand)
		if !s.supported.decidesBy(config.OnDemand) {
			return apierr.Invalid("OnDemand")
		}
	}
	if err := refuseTranscoding(q.TranscodeTemplates, len(q.TranscodeRecordFormats)); err != nil {
		return err
	}
	if len(q.RecordFormats) > 0 {
		if config.Formats, err = s.supported.retimed(config.Formats, q.RecordFormats); err != nil {
			return err
		}
	}
	config.DelayTime, err = seconds(q.DelayTime, config.DelayTime, live.MinDelayTime, live.MaxDelayTime, apierr.InvalidDelayTime)
	if err != nil {
		return err
	}
	// A window that was given before may have passed; it needs to be right only
	// when it is set.
	if q.StartTime.IsZero() && q.EndTime.IsZero() {
		return nil
	}
	if !q.StartTime.IsZero() {
		config.StartTime = q.StartTime
	}
	if !q.EndTime.IsZero() {
		config.EndTime = q.EndTime
	}
	return setRecordWindow(config, s.now())
}

// retimed returns the formats that in names, as they are in config but for what
// in changes.
func (c capabilities) retimed(config []live.RecordFormat, in []formatTiming) ([]live.RecordFormat, error) {
	var out []live.RecordFormat
	for _, f := range in {
		format := live.Format(strings.ToLower(f.Format))
		named := func(r live.RecordFormat) bool { return r.Format == format }
		i := slices.IndexFunc(config, named)
		switch {
		case !c.writes(format):
			return nil, apierr.InvalidFormatMalformed
		case slices.ContainsFunc(out, named):
			return nil, apierr.InvalidFormatIllegalOperation
		case i < 0:
			return nil, apierr.MissingOSSObjectPrefix
		}
		changed := config[i]
		var err error
		changed.CycleDuration, err = seconds(f.CycleDuration, changed.CycleDuration, live.MinCycleDuration, live.MaxCycleDuration, apierr.InvalidCycleDurationMalformed)
		if err != nil {
			return nil, err
		}
		changed.SliceDuration, err = seconds(f.SliceDuration, changed.SliceDuration, live.MinSliceDuration, live.MaxSliceDuration, apierr.InvalidSliceDurationMalformed)
		if err != nil {
			return nil, err
		}
		out = append(out, changed)
	}
	return out, nil
}
