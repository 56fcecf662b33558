package live

// A RecordActivity is what a recorder does about a stream.
type RecordActivity string

const (
	// RecordNothing: no rule matches the stream, or it is not live.
	RecordNothing RecordActivity = ""
	// RecordDeciding: the operator's server has been asked, or is about to be.
	RecordDeciding RecordActivity = "deciding"
	// RecordStandby: a rule matches, and a command can start the recording.
	RecordStandby RecordActivity = "standby"
	// RecordStarting: the first files wait for a key frame, or for the time at
	// which the rule begins.
	RecordStarting RecordActivity = "starting"
	// RecordRunning: frames are written to files.
	RecordRunning RecordActivity = "recording"
	// RecordWaiting: the recording is paused. Its encoder or a command can go on
	// with it.
	RecordWaiting RecordActivity = "paused"
	// RecordFailing: nothing in the stream can be recorded, or its files could not
	// be written and new ones are tried soon.
	RecordFailing RecordActivity = "failing"
)

// A RecordStatus says what a recorder does about a stream now.
type RecordStatus struct {
	Activity  RecordActivity
	Recording RecordingID // "" while there is none
}
