package console

import (
	"net/http"
	"net/url"
	"time"

	"tallylight/internal/live"
)

// commandsDone are what the visitor is told of commands that were carried out, in
// English.
var commandsDone = map[live.RecordCommand]string{
	live.CommandStart:       say("The recording starts with the next key frame."),
	live.CommandStop:        say("The recording is paused. Its files end after the rule's delay."),
	live.CommandCancelDelay: say("The recording has ended."),
	live.CommandRestart:     say("New files begin with the next key frame."),
}

// commandRecording carries out a command on the recording of a stream.
func (v *visit) commandRecording() error {
	key, err := v.streamKey()
	if err != nil {
		return err
	}
	command := v.r.PostFormValue("command")
	err = v.call(recordCommand, url.Values{
		"DomainName": {key.Domain}, "AppName": {key.App}, "StreamName": {key.Stream}, "Command": {command},
	}, nil)
	if err := v.outcome(err, commandsDone[live.RecordCommand(command)]); err != nil {
		return err
	}
	v.redirect(streamAddress(key))
	return nil
}

// What the form that forbids a stream offers. forbidUntil is with a time of its own.
const (
	forbidOnce  = "once" // ends the push and forbids nothing
	forbidUntil = "until"
)

// forbidSpans are the times for which a stream can be forbidden, by the names that
// the form has for them.
var forbidSpans = map[string]time.Duration{
	"hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour, "default": live.DefaultBlock,
}

// A forbidForm is what was chosen in the form.
type forbidForm struct {
	For    string // forbidOnce, forbidUntil or one of forbidSpans
	Resume string // with forbidUntil, as the input gives it: UTC
}

func readForbidForm(values url.Values) forbidForm {
	return forbidForm{For: values.Get("for"), Resume: values.Get("resume")}
}

// forbidStream ends the push of a stream, and forbids further ones unless that is
// not wanted.
func (v *visit) forbidStream() error {
	key, err := v.streamKey()
	if err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return badRequest("This form cannot be read.")
	}
	form := readForbidForm(v.r.PostForm)
	params := url.Values{"DomainName": {key.Domain}, "AppName": {key.App}, "StreamName": {key.Stream}, "LiveStreamType": {"publisher"}}
	if err = form.fill(params, v.Now()); err == nil {
		err = v.call(forbidCommand, params, nil)
	}
	address := streamAddress(key)
	if err != nil {
		if err := v.failed(err); err != nil {
			return err
		}
		// What was typed stays.
		v.redirect(address + "?" + url.Values{"for": {form.For}, "resume": {form.Resume}}.Encode() + "#forbid")
		return nil
	}
	if form.For == forbidOnce {
		v.done("The push was ended.")
	} else {
		v.done("The stream is forbidden. Its push was ended.")
	}
	v.redirect(address)
	return nil
}

// fill adds to the parameters of the call what was chosen.
func (f forbidForm) fill(params url.Values, now time.Time) error {
	resume := now.Add(forbidSpans[f.For])
	switch f.For {
	case forbidOnce:
		params.Set("Oneshot", "yes")
		return nil
	case forbidUntil:
		var err error
		if resume, err = parseMoment(f.Resume); err != nil || resume.IsZero() {
			return refused(http.StatusBadRequest, "Say until when the stream is forbidden.")
		}
	default:
		if forbidSpans[f.For] == 0 {
			return refused(http.StatusBadRequest, "Choose for how long the stream is forbidden.")
		}
	}
	params.Set("ResumeTime", resume.UTC().Format(time.RFC3339))
	return nil
}

// resumeStream allows a stream again.
func (v *visit) resumeStream() error {
	key, err := v.streamKey()
	if err != nil {
		return err
	}
	err = v.call(resumeCommand, url.Values{
		"DomainName": {key.Domain}, "AppName": {key.App}, "StreamName": {key.Stream}, "LiveStreamType": {"publisher"},
	}, nil)
	if err := v.outcome(err, "The stream is allowed again."); err != nil {
		return err
	}
	return v.back()
}
