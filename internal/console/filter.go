package console

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A filter is what lists are selected by; its fields are the parameters of their
// addresses.
type filter struct {
	Path    string        // of the page
	Domains []live.Domain // that the visitor may choose from
	Domain  string        // empty: he may see none
	App     string
	Stream  string
	Status  string // of what is listed; empty for all
	Origin  string
	From    string // as the input gives it
	To      string
	from    time.Time
	to      time.Time
}

// readFilter reads the parameters of a list that needs the right to an operation on
// a domain, of one type or of any (""). Without a domain it takes the first that the
// visitor may see.
func (v *visit) readFilter(operation string, t live.DomainType) (f filter, err error) {
	q := v.r.URL.Query()
	f = filter{
		Path: v.r.URL.Path, Domain: live.NormalizeDomainName(q.Get("domain")),
		App: q.Get("app"), Stream: q.Get("stream"), Status: q.Get("status"), Origin: q.Get("origin"), From: q.Get("from"), To: q.Get("to"),
	}
	if f.Domains, err = v.domains(operation, t); err != nil {
		return f, err
	}
	if f.Domain == "" && len(f.Domains) > 0 {
		f.Domain = f.Domains[0].Name
	}
	if f.Domain != "" && !slices.ContainsFunc(f.Domains, func(d live.Domain) bool { return d.Name == f.Domain }) {
		return f, notFound("There is no domain %s here, or your policies do not allow live:%s on it.", f.Domain, operation)
	}
	for _, bound := range []struct {
		text string
		at   *time.Time
	}{{f.From, &f.from}, {f.To, &f.to}} {
		if *bound.at, err = parseMoment(bound.text); err != nil {
			return f, badRequest("%s is no time: give one such as 2026-11-23T08:00, in UTC.", bound.text)
		}
	}
	return f, nil
}

// maxSearched bounds the domains among which one is sought of which there is
// something to list.
const maxSearched = 100

// moveOn sends a visitor who has named no domain, and of whose first one there is
// nothing to list, to the first of which there is. It reports whether it did.
func (v *visit) moveOn(f filter, listed func(ctx context.Context, r store.Reader, domain string) (bool, error)) (bool, error) {
	if v.watching() || v.r.URL.Query().Has("domain") {
		return false, nil
	}
	ctx, address := v.r.Context(), ""
	err := v.Store.View(ctx, func(r store.Reader) error {
		for i, d := range f.Domains[:min(len(f.Domains), maxSearched)] {
			found, err := listed(ctx, r, d.Name)
			if err != nil {
				return err
			}
			if found {
				if i > 0 {
					address = f.address("domain", d.Name)
				}
				return nil
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("find a domain to list: %w", err)
	}
	if address == "" {
		return false, nil
	}
	v.redirect(address)
	return true, nil
}

// Narrow reports whether less is asked for than all of the domain.
func (f filter) Narrow() bool { return f.App+f.Stream+f.Status+f.Origin+f.From+f.To != "" }

// parseMoment reads what an input of type datetime-local gives, in UTC, or a
// time of RFC 3339; empty is the zero time.
func parseMoment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Parse(time.RFC3339, text)
}

// address returns the page's address with the filter and one more parameter.
func (f filter) address(name, value string) string {
	q := url.Values{}
	for name, value := range map[string]string{"domain": f.Domain, "app": f.App, "stream": f.Stream,
		"status": f.Status, "origin": f.Origin, "from": f.From, "to": f.To, name: value} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return f.Path + "?" + q.Encode()
}
