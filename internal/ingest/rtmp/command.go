package rtmp

import (
	"errors"
	"fmt"

	"tallylight/internal/ingest/rtmp/amf"
)

// Codes of onStatus and _error (ActionScript 3, NetConnection and NetStream).
const (
	codeConnectSuccess   = "NetConnection.Connect.Success"
	codeConnectRejected  = "NetConnection.Connect.Rejected"
	codePublishStart     = "NetStream.Publish.Start"
	codePublishBadName   = "NetStream.Publish.BadName"
	codePublishDenied    = "NetStream.Publish.Denied"
	codeUnpublishSuccess = "NetStream.Unpublish.Success"
	codePlayFailed       = "NetStream.Play.Failed"
	codeFailed           = "NetStream.Failed"
)

// errCommand is the root of the errors of commands that cannot be read.
var errCommand = errors.New("malformed command")

// A command is a command message (RTMP, section 7.1.1).
type command struct {
	name        string
	transaction float64
	args        []any // the command object first
}

// parseCommand reads the body of a command message. Those of type 17 have a byte
// in front of the same AMF0 values, which may switch to AMF3.
func parseCommand(typeID byte, body []byte) (command, error) {
	if typeID == typeCommandAMF3 && len(body) > 0 && body[0] == 0 {
		body = body[1:]
	}
	values, err := amf.DecodeAll(body)
	if err != nil {
		return command{}, fmt.Errorf("%w: %w", errCommand, err)
	}
	if len(values) < 2 {
		return command{}, fmt.Errorf("%w: %d values", errCommand, len(values))
	}
	name, isName := values[0].(string)
	transaction, isNumber := values[1].(float64)
	if !isName || !isNumber {
		return command{}, fmt.Errorf("%w: begins with %T and %T", errCommand, values[0], values[1])
	}
	return command{name, transaction, values[2:]}, nil
}

// object returns argument i if it is an object.
func (c command) object(i int) (amf.Object, bool) {
	if i >= len(c.args) {
		return nil, false
	}
	switch v := c.args[i].(type) {
	case amf.Object:
		return v, true
	case amf.Map:
		return amf.Object(v), true
	}
	return nil, false
}

// text returns argument i if it is a string, and "" otherwise.
func (c command) text(i int) string {
	if i >= len(c.args) {
		return ""
	}
	s, _ := c.args[i].(string)
	return s
}

// appendCommand appends a command message that has the given values.
func appendCommand(dst []byte, streamID uint32, chunkSize int, values ...any) []byte {
	return appendMessage(dst, chunkCommand, messageHeader{typeID: typeCommandAMF0, streamID: streamID},
		amf.Append(nil, values...), chunkSize)
}

// status makes the information object of onStatus, _result and _error.
func status(level, code, description string) amf.Object {
	return amf.Object{{Name: "level", Value: level}, {Name: "code", Value: code}, {Name: "description", Value: description}}
}
