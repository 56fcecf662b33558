package wire

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// MaxSkew is how far the timestamp of a signature may lie from the receiver's
// clock, in either direction.
const MaxSkew = 5 * time.Minute

// Errors of the verification.
var (
	// ErrUnsigned means that a request carries no signature of that scheme.
	ErrUnsigned = errors.New("unsigned")
	// ErrSignature means that a request carries a signature that does not hold;
	// what wraps it says why.
	ErrSignature = errors.New("invalid signature")
)

// checkTimestamp reports whether a decimal number of Unix seconds lies within
// MaxSkew of now.
func checkTimestamp(timestamp string, now time.Time) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: timestamp %q is not a number of seconds", ErrSignature, timestamp)
	}
	skew := now.Sub(time.Unix(seconds, 0)).Truncate(time.Second)
	switch {
	case skew > MaxSkew:
		return fmt.Errorf("%w: timestamp is %v old, at most %v is allowed", ErrSignature, skew, MaxSkew)
	case skew < -MaxSkew:
		return fmt.Errorf("%w: timestamp is %v ahead, at most %v is allowed", ErrSignature, -skew, MaxSkew)
	}
	return nil
}
