package live

import "errors"

// A RecordCommand changes a recording while its stream is live
// (RealTimeRecordCommand; spec recording-and-callbacks 2.3).
type RecordCommand string

const (
	// CommandStart records a stream that is not being recorded.
	CommandStart RecordCommand = "start"
	// CommandStop pauses; the files follow after DelayTime.
	CommandStop RecordCommand = "stop"
	// CommandCancelDelay stops, and ends the files at once.
	CommandCancelDelay RecordCommand = "cancel_delay"
	// CommandRestart ends the files and begins new ones, at the next key frame so
	// that nothing is lost in between.
	CommandRestart RecordCommand = "restart"
)

// Why a RecordCommand cannot be carried out.
var (
	ErrStreamOffline  = errors.New("stream is not live")
	ErrTaskStarted    = errors.New("stream is being recorded already")
	ErrTaskNotStarted = errors.New("stream is not being recorded")
)
