// Package reference is what can be read of the API: its operations with their
// parameters, answers, errors and examples, and the errors with their causes and
// remedies. Package api builds it from the table of operations; the console
// shows it, and package samples writes code from it.
//
// Every text is there in English and in Simplified Chinese.
package reference
