package console

import (
	"context"
	"errors"
	"fmt"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// exampleDomain stands where there is no domain yet.
const exampleDomain = "play.example.com"

// firstSteps lead from an empty server to a recording.
type firstSteps struct {
	Domain                   string // the streaming domain, or exampleDomain
	HasDomain, HasRule, Told bool   // what is done
}

// firstSteps finds out which of them are done. It returns nil if the visitor may
// not take them.
func (v *visit) firstSteps(domains []live.Domain) (*firstSteps, error) {
	steps := &firstSteps{Domain: exampleDomain}
	if len(domains) > 0 {
		steps.Domain, steps.HasDomain = domains[0].Name, true
	}
	ok, err := v.may("AddLiveDomain", steps.Domain)
	if err != nil || !ok {
		return nil, err
	}
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) error { return steps.read(ctx, r) })
	if err != nil {
		return nil, fmt.Errorf("read first steps: %w", err)
	}
	return steps, nil
}

func (s *firstSteps) read(ctx context.Context, r store.Reader) error {
	if !s.HasDomain {
		return nil
	}
	_, rules, err := r.RecordConfigs(ctx, live.RecordConfigQuery{Domain: s.Domain})
	if err != nil {
		return err
	}
	s.HasRule = rules > 0
	_, err = r.NotifyConfig(ctx, s.Domain)
	if errors.Is(err, live.ErrConfigNotFound) {
		return nil
	}
	s.Told = err == nil
	return err
}
