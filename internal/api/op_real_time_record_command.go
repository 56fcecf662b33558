package api

import (
	"context"
	"errors"
	"slices"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
)

var realTimeRecordCommand = operation{
	name:     "RealTimeRecordCommand",
	summary:  "Starts, stops or restarts the recording of one stream that is live and that a record config matches.",
	qps:      50,
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		streamingDomainParameter,
		{name: "AppName", about: "App of the stream.", limits: "No *.", example: "live"},
		{name: "StreamName", about: "Stream.", limits: "No *.", example: "show"},
		{name: "Command", about: "start records a stream that is not being recorded; stop pauses, and the files follow after DelayTime; cancel_delay stops and ends the files at once; restart ends the files and begins new ones.", limits: "start, stop, cancel_delay, restart", example: "start"},
		regionParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.MalformedParam("AppName"),
		apierr.MalformedParam("StreamName"),
		apierr.MalformedParam("Command"),
		apierr.CodeConfigNotFound,
		apierr.StreamNotFound,
		apierr.TaskAlreadyStarted,
		apierr.TaskNotStarted,
	},
	handler: handle((*Server).realTimeRecordCommand),
}

type realTimeRecordCommandRequest struct {
	DomainName string `rpc:"DomainName,required"`
	AppName    string `rpc:"AppName,required"`
	StreamName string `rpc:"StreamName,required"`
	Command    string `rpc:"Command,required"`
	RegionID   string `rpc:"RegionId"`
}

// A commander carries out commands on recordings. It fails with
// live.ErrConfigNotFound, ErrStreamOffline, ErrTaskStarted or ErrTaskNotStarted;
// where several are true, the error wraps them all.
type commander interface {
	Command(ctx context.Context, key live.StreamKey, c live.RecordCommand) error
}

// recordCommands are the values of Command.
var recordCommands = []live.RecordCommand{live.CommandStart, live.CommandStop, live.CommandCancelDelay, live.CommandRestart}

func (s *Server) realTimeRecordCommand(ctx context.Context, c caller, q *realTimeRecordCommandRequest) (empty, error) {
	d, err := s.streamingDomain(ctx, c, q.DomainName)
	if err != nil {
		return empty{}, err
	}
	command := live.RecordCommand(q.Command)
	switch {
	case live.ValidateName(q.AppName) != nil:
		return empty{}, apierr.MalformedParam("AppName")
	case live.ValidateName(q.StreamName) != nil:
		return empty{}, apierr.MalformedParam("StreamName")
	case !slices.Contains(recordCommands, command):
		return empty{}, apierr.MalformedParam("Command")
	}
	err = s.recorder.Command(ctx, live.StreamKey{Domain: d.Name, App: q.AppName, Stream: q.StreamName}, command)
	// This operation has codes of its own.
	switch {
	case errors.Is(err, live.ErrConfigNotFound):
		err = apierr.CodeConfigNotFound
	case errors.Is(err, live.ErrStreamOffline):
		err = apierr.StreamNotFound
	case errors.Is(err, live.ErrTaskStarted):
		err = apierr.TaskAlreadyStarted
	case errors.Is(err, live.ErrTaskNotStarted):
		err = apierr.TaskNotStarted
	}
	return empty{}, err
}
