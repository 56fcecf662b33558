package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tallylight/internal/api/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// domainRuleRoutes are those of record rules.
var domainRuleRoutes = []route{
	{pattern: "GET " + domainsPath + "/{domain}/rules", handle: (*visit).rulesPage},
	{pattern: "GET " + domainsPath + "/{domain}/rules/new", handle: (*visit).newRulePage},
	{pattern: "POST " + domainsPath + "/{domain}/rules/new", handle: (*visit).addRule},
	{pattern: "GET " + domainsPath + "/{domain}/rules/edit", handle: (*visit).editRulePage},
	{pattern: "POST " + domainsPath + "/{domain}/rules/edit", handle: (*visit).changeRule},
	{pattern: "POST " + domainsPath + "/{domain}/rules/delete", handle: (*visit).deleteRule},
	{pattern: "GET " + domainsPath + "/{domain}/rules/object-names", handle: (*visit).objectNames},
}

// readRules is the operation whose right one needs to see record rules.
const readRules = "DescribeLiveRecordConfig"

// A ruleList is the tab of record rules.
type ruleList struct {
	domainHead
	Rules          []live.RecordConfig
	Total          int
	Before, Behind string
}

// OnDemandTitle says who decides under a rule.
func (ruleList) OnDemandTitle(d live.OnDemand) string { return onDemandTitles[d] }

// onDemandTitles are in English, for the template to translate.
var onDemandTitles = map[live.OnDemand]string{
	live.OnDemandAutomatic: say("Every push"),
	live.OnDemandCallback:  say("Your server is asked"),
	live.OnDemandPushArgs:  say("The push URL says"),
	live.OnDemandManual:    say("By command only"),
}

// say marks an English text that is translated where it is shown.
func say(english string) string { return english }

func (v *visit) rulesPage() error {
	h, err := v.openDomain("rules", "AddLiveAppRecordConfig", "UpdateLiveAppRecordConfig", "DeleteLiveAppRecordConfig")
	if err != nil {
		return err
	}
	if err := v.must(readRules, h.Domain.Name); err != nil {
		return err
	}
	list := ruleList{domainHead: h}
	number := v.pageNumber()
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		list.Rules, list.Total, err = r.RecordConfigs(ctx, live.RecordConfigQuery{
			Domain: h.Domain.Name, Offset: (number - 1) * domainsPageSize, Limit: domainsPageSize})
		return err
	})
	if err != nil {
		return fmt.Errorf("read rules of %s: %w", h.Domain.Name, err)
	}
	list.Before, list.Behind = v.pageAddresses(number, number*domainsPageSize < list.Total)
	return v.render("domain_rules.html", h.Domain.Name, list)
}

// A rulePage adds or changes a rule.
type rulePage struct {
	domainHead
	ruleForm
	Choices []live.OnDemand
	Problem flash
}

// OnDemandTitle says who decides under a rule.
func (rulePage) OnDemandTitle(d live.OnDemand) string { return onDemandTitles[d] }

// Is reports whether the form has that OnDemand.
func (p rulePage) Is(d live.OnDemand) bool { return p.OnDemand == strconv.Itoa(int(d)) }

// A ruleForm is a rule as the form has it: what was typed, be it right or wrong.
type ruleForm struct {
	New                bool
	App, Stream        string
	Bucket, Endpoint   string
	OnDemand           string
	DelayTime          string
	StartTime, EndTime string
	Formats            []formatForm
}

// A formatForm is one container of a rule in the form.
type formatForm struct {
	Format       live.Format
	On           bool // files of it are written
	Fixed        bool // the rule has it, so that its names stay
	Sliced       bool
	Cycle, Slice string // seconds
	Object       string
	SliceObject  string
	Preview      objectPreview
}

// ruleFormats are the containers in the order of the form.
var ruleFormats = []live.Format{live.FormatMP4, live.FormatFLV, live.FormatM3U8, live.FormatCMAF}

func isSliced(f live.Format) bool { return f == live.FormatM3U8 || f == live.FormatCMAF }

// newRuleForm is what a new rule begins with.
func newRuleForm() ruleForm {
	f := ruleForm{New: true, App: live.Any, Stream: live.Any, Bucket: "recordings", Endpoint: "local", OnDemand: "0",
		DelayTime: strconv.Itoa(int(live.DefaultDelayTime / time.Second))}
	for _, format := range ruleFormats {
		ff := formatForm{Format: format, On: format == live.FormatMP4, Sliced: isSliced(format),
			Cycle:  strconv.Itoa(int(live.DefaultCycleDuration(format) / time.Second)),
			Object: "record/{AppName}/{StreamName}/{EscapedStartTime}_{EscapedEndTime}"}
		if ff.Sliced {
			ff.Slice = strconv.Itoa(int(live.DefaultSliceDuration / time.Second))
			ff.SliceObject = "record/{AppName}/{StreamName}/{UnixTimestamp}_{Sequence}"
		}
		f.Formats = append(f.Formats, ff)
	}
	return f
}

// formOfRule shows a rule in the form.
func formOfRule(c live.RecordConfig) ruleForm {
	f := ruleForm{App: c.App, Stream: c.Stream, Bucket: c.OSSBucket, Endpoint: c.OSSEndpoint,
		OnDemand: strconv.Itoa(int(c.OnDemand)), DelayTime: strconv.Itoa(int(c.DelayTime / time.Second)),
		StartTime: formatMinute(c.StartTime), EndTime: formatMinute(c.EndTime)}
	for _, rf := range c.Formats {
		ff := formatForm{Format: rf.Format, On: true, Fixed: true, Sliced: isSliced(rf.Format),
			Cycle: strconv.Itoa(int(rf.CycleDuration / time.Second)), Object: rf.ObjectPrefix, SliceObject: rf.SliceObjectPrefix}
		if ff.Sliced {
			ff.Slice = strconv.Itoa(int(rf.SliceDuration / time.Second))
		}
		f.Formats = append(f.Formats, ff)
	}
	return f
}

// minuteLayout is that of inputs for a time, in UTC.
const minuteLayout = "2006-01-02T15:04:05"

func formatMinute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(minuteLayout)
}

// wireTime returns a time of the form as calls have it. What is no time stays as it
// was typed, for the API to refuse.
func wireTime(text string) string {
	for _, layout := range []string{minuteLayout, "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return wire.FormatTime(t)
		}
	}
	return text
}

// readRuleForm overwrites a form with what was typed. Names and bucket of a rule
// that exists cannot be changed.
func (v *visit) readRuleForm(f *ruleForm) {
	get := v.r.PostFormValue
	if f.New {
		f.App, f.Stream, f.Bucket = strings.TrimSpace(get("app")), strings.TrimSpace(get("stream")), strings.TrimSpace(get("bucket"))
	}
	f.Endpoint, f.OnDemand, f.DelayTime = strings.TrimSpace(get("endpoint")), get("on_demand"), get("delay")
	f.StartTime, f.EndTime = strings.TrimSpace(get("start")), strings.TrimSpace(get("end"))
	for i := range f.Formats {
		ff := &f.Formats[i]
		name := func(field string) string { return string(ff.Format) + "." + field }
		ff.On = get(name("on")) != ""
		ff.Cycle, ff.Slice = get(name("cycle")), get(name("slice"))
		if !ff.Fixed {
			ff.Object, ff.SliceObject = strings.TrimSpace(get(name("object"))), strings.TrimSpace(get(name("slice_object")))
		}
	}
}

// params returns the parameters of the call that adds the rule, or that changes it
// from what it was.
func (f ruleForm) params(domain string, was *live.RecordConfig) url.Values {
	p := url.Values{"DomainName": {domain}, "AppName": {f.App}, "StreamName": {f.Stream}, "OssEndpoint": {f.Endpoint}, "OnDemand": {f.OnDemand}}
	set := func(name, value string) {
		if value != "" {
			p.Set(name, value)
		}
	}
	set("DelayTime", f.DelayTime)
	// A window that has begun may lie too far back to be set again as it is.
	if was == nil || f.StartTime != formatMinute(was.StartTime) || f.EndTime != formatMinute(was.EndTime) {
		set("StartTime", wireTime(f.StartTime))
		set("EndTime", wireTime(f.EndTime))
	}
	if was == nil {
		p.Set("OssBucket", f.Bucket)
	}
	n := 0
	for _, ff := range f.Formats {
		if !ff.On {
			continue
		}
		n++
		item := fmt.Sprintf("RecordFormat.%d.", n)
		p.Set(item+"Format", string(ff.Format))
		set(item+"CycleDuration", ff.Cycle)
		if ff.Sliced {
			set(item+"SliceDuration", ff.Slice)
		}
		if was == nil {
			set(item+"OssObjectPrefix", ff.Object)
			set(item+"SliceOssObjectPrefix", ff.SliceObject)
		}
	}
	return p
}

// showRule answers with the form, the names of its objects previewed.
func (v *visit) showRule(h domainHead, f ruleForm, problem flash) error {
	for i := range f.Formats {
		ff := &f.Formats[i]
		ff.Preview = v.previewObjects(f.App, f.Stream, ff.Format, ff.Cycle, ff.Object, ff.SliceObject)
	}
	title := "Change a record rule"
	if f.New {
		title = "Add a record rule"
	}
	return v.render("domain_rule.html", title, rulePage{
		domainHead: h, ruleForm: f, Problem: problem,
		Choices: []live.OnDemand{live.OnDemandAutomatic, live.OnDemandCallback, live.OnDemandPushArgs, live.OnDemandManual},
	})
}

// refuseRule answers with the form as it was typed and why it was refused.
func (v *visit) refuseRule(h domainHead, f ruleForm, err error) error {
	problem, err := v.problem(err)
	if err != nil {
		return err
	}
	return v.showRule(h, f, problem)
}

func (v *visit) newRulePage() error {
	h, err := v.openDomain("rules")
	if err == nil {
		err = v.must("AddLiveAppRecordConfig", h.Domain.Name)
	}
	if err != nil {
		return err
	}
	return v.showRule(h, newRuleForm(), flash{})
}

func (v *visit) addRule() error {
	h, err := v.openDomain("rules")
	if err != nil {
		return err
	}
	f := newRuleForm()
	v.readRuleForm(&f)
	if v.r.PostFormValue("preview") != "" {
		return v.showRule(h, f, flash{})
	}
	if err := v.call("AddLiveAppRecordConfig", f.params(h.Domain.Name, nil), nil); err != nil {
		return v.refuseRule(h, f, err)
	}
	v.done("The record rule was added. It counts for pushes that begin from now on.")
	v.redirect(h.Address("rules"))
	return nil
}

// openRule reads the rule that app and stream of the request name.
func (v *visit) openRule() (h domainHead, c live.RecordConfig, err error) {
	if h, err = v.openDomain("rules"); err != nil {
		return h, c, err
	}
	if err = v.must(readRules, h.Domain.Name); err == nil {
		err = v.must("UpdateLiveAppRecordConfig", h.Domain.Name)
	}
	if err != nil {
		return h, c, err
	}
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		c, err = r.RecordConfig(ctx, live.StreamKey{Domain: h.Domain.Name, App: v.r.FormValue("app"), Stream: v.r.FormValue("stream")})
		return err
	})
	if errors.Is(err, live.ErrConfigNotFound) {
		return h, c, notFound("There is no record rule for %s/%s.", v.r.FormValue("app"), v.r.FormValue("stream"))
	}
	return h, c, err
}

func (v *visit) editRulePage() error {
	h, c, err := v.openRule()
	if err != nil {
		return err
	}
	return v.showRule(h, formOfRule(c), flash{})
}

func (v *visit) changeRule() error {
	h, c, err := v.openRule()
	if err != nil {
		return err
	}
	f := formOfRule(c)
	v.readRuleForm(&f)
	p := f.params(h.Domain.Name, &c)
	if !p.Has("RecordFormat.1.Format") { // the call would leave the formats as they are
		return v.refuseRule(h, f, badRequest("A rule needs a format at least."))
	}
	if err := v.call("UpdateLiveAppRecordConfig", p, nil); err != nil {
		return v.refuseRule(h, f, err)
	}
	v.done("The record rule was changed. It counts for pushes that begin from now on.")
	v.redirect(h.Address("rules"))
	return nil
}

func (v *visit) deleteRule() error {
	h, err := v.openDomain("rules")
	if err != nil {
		return err
	}
	err = v.call("DeleteLiveAppRecordConfig", url.Values{"DomainName": {h.Domain.Name},
		"AppName": {v.r.PostFormValue("app")}, "StreamName": {v.r.PostFormValue("stream")}}, nil)
	if err := v.outcome(err, "The record rule was deleted."); err != nil {
		return err
	}
	v.redirect(h.Address("rules"))
	return nil
}

// An objectPreview shows what the templates of a format come to.
type objectPreview struct {
	Object  string `json:"object,omitempty"`
	Slice   string `json:"slice,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// previewObjects fills the templates with a file that begins now and lasts a
// cycle. A rule for all apps or streams is shown with live and show.
func (v *visit) previewObjects(app, stream string, f live.Format, cycle, object, slice string) (p objectPreview) {
	app, stream = exampleName(app, "live"), exampleName(stream, "show")
	length := live.DefaultCycleDuration(f)
	if n, err := strconv.Atoi(cycle); err == nil && n > 0 && n <= int(live.MaxCycleDuration/time.Second) {
		length = time.Duration(n) * time.Second
	}
	zone := v.Zone
	if zone == nil {
		zone = live.DefaultZone
	}
	start := v.Now().Truncate(time.Second)
	if err := live.ValidateObjectPrefix(object); err != nil {
		p.Problem = err.Error()
		return p
	}
	p.Object = live.ExpandObjectPrefix(object, live.ObjectName{App: app, Stream: stream, Sequence: 1, Start: start, Stop: start.Add(length)}, zone) + f.Extension()
	if !isSliced(f) {
		return p
	}
	if err := live.ValidateSliceObjectPrefix(slice); err != nil {
		p.Problem = err.Error()
		return p
	}
	extension := ".ts"
	if f == live.FormatCMAF {
		extension = "_video.m4s"
	}
	p.Slice = live.ExpandSliceObjectPrefix(slice, live.StreamKey{App: app, Stream: stream}, start, 1) + extension
	return p
}

func exampleName(name, example string) string {
	if name == live.Any || name == "" {
		return example
	}
	return name
}

// objectNames answers with an objectPreview in JSON, for the form's script.
func (v *visit) objectNames() error {
	if _, err := v.openDomain("rules"); err != nil {
		return err
	}
	q := v.r.URL.Query()
	p := v.previewObjects(q.Get("app"), q.Get("stream"), live.Format(q.Get("format")), q.Get("cycle"), q.Get("object"), q.Get("slice_object"))
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("preview object names: %w", err)
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.WriteHeader(http.StatusOK)
	v.w.Write(body) // a visitor who has gone needs no answer
	return nil
}
