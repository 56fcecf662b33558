package config

import (
	"fmt"
	"time"

	"tallylight/internal/live"
)

// A Retention says how long the record files of a domain are kept, from their end
// on; the domain * stands for those that have no rule of their own.
type Retention struct {
	Domain string        `yaml:"domain"`
	Keep   time.Duration `yaml:"keep"`
}

// minKeep is the shortest time for which a rule keeps files: a shorter one is more
// likely a mistake than a wish.
const minKeep = time.Hour

// validateRetention returns what is wrong with the rules.
func validateRetention(rules []Retention) []error {
	var errs []error
	seen := make(map[string]bool)
	for i, r := range rules {
		name := fmt.Sprintf("record.retention[%d]", i)
		if r.Domain != live.Any {
			if err := live.ValidateDomainName(r.Domain); err != nil {
				errs = append(errs, fmt.Errorf("%s.domain: %w; give a streaming domain or \"*\" for all", name, err))
			}
		}
		if seen[r.Domain] {
			errs = append(errs, fmt.Errorf("%s.domain: %s is not allowed: it has a rule already", name, r.Domain))
		}
		seen[r.Domain] = true
		if r.Keep < minKeep {
			errs = append(errs, fmt.Errorf("%s.keep: %v is not allowed: give 1h or more", name, r.Keep))
		}
	}
	return errs
}
