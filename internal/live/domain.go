package live

import (
	"fmt"
	"strings"
	"time"
)

// A DomainType is the role of a domain.
type DomainType string

const (
	// StreamingDomain serves viewers; record and notify configurations hang on
	// it. The vendor calls it main streaming domain, liveVideo.
	StreamingDomain DomainType = "liveVideo"
	// IngestDomain takes pushes for the one streaming domain that it is mapped
	// to. The vendor calls it liveEdge.
	IngestDomain DomainType = "liveEdge"
)

// A DomainStatus says whether a domain takes pushes.
type DomainStatus string

const (
	DomainOnline  DomainStatus = "online"
	DomainOffline DomainStatus = "offline"
)

// A Domain is a streaming or an ingest domain.
type Domain struct {
	Name      string // lower case
	AccountID AccountID
	Type      DomainType
	Status    DomainStatus
	Region    string // a label; one server is one site
	Scope     string // a label: domestic, overseas or global
	CreatedAt time.Time
	UpdatedAt time.Time // of the latest change of status; zero: none
}

// A DomainMapping sends the pushes of an ingest domain to a streaming domain.
type DomainMapping struct {
	PushDomain string
	PullDomain string
	CreatedAt  time.Time
}

// NormalizeDomainName lower-cases a host name and drops its trailing dot.
func NormalizeDomainName(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// ValidateDomainName reports whether name, already normalised, is a host name
// of RFC 1123 with at least two labels and at most 253 bytes. A wildcard
// domain, which the vendor writes with a leading dot, is not one.
func ValidateDomainName(name string) error {
	if len(name) > 253 {
		return fmt.Errorf("domain name has %d bytes, at most 253 are allowed", len(name))
	}
	labels := strings.Split(name, ".")
	if len(labels) < 2 {
		return fmt.Errorf("domain name %q needs at least two labels, such as live.example.com", name)
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return fmt.Errorf("domain name %q has the invalid label %q", name, label)
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return fmt.Errorf("domain name %q has the invalid character %q", name, c)
			}
		}
	}
	return nil
}
