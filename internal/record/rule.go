package record

import (
	"encoding/json"
	"strings"

	"tallylight/internal/live"
)

// wanted reports whether a push that matches the rule is recorded by itself
// (spec recording-and-callbacks 2.1).
func wanted(rule live.RecordConfig, args live.Args) bool {
	switch rule.OnDemand {
	case live.OnDemandAutomatic:
		return true
	case live.OnDemandPushArgs:
		var answer struct{ NeedRecord bool }
		return json.Unmarshal([]byte(args.Get("record_config")), &answer) == nil && answer.NeedRecord
	default: // by command only
		return false
	}
}

// callbackPrefix begins the names of the push parameters that callbacks repeat.
const callbackPrefix = "callback_"

// pushArgs returns the parameters that callbacks repeat: of each name the first
// value (spec 1.3).
func pushArgs(args live.Args) live.Args {
	var kept live.Args
	seen := make(map[string]bool)
	for _, arg := range args {
		if strings.HasPrefix(arg.Name, callbackPrefix) && !seen[arg.Name] {
			seen[arg.Name] = true
			kept = append(kept, arg)
		}
	}
	return kept
}
