package wire

import "fmt"

// A ParamError says which parameter cannot be used, and why.
type ParamError struct {
	// Name is the parameter as it is documented: the items of a list have N for
	// their number, as in RecordFormat.N.Format. From ParseParams it is whatever
	// the client sent.
	Name    string
	Missing bool // absent or empty though required; otherwise not usable
	Err     error
}

// Error names the parameter and what is wrong with it.
func (e *ParamError) Error() string {
	if e.Missing {
		return "parameter " + e.Name + " is missing"
	}
	return fmt.Sprintf("parameter %s: %v", e.Name, e.Err)
}

// Unwrap returns the cause.
func (e *ParamError) Unwrap() error { return e.Err }
