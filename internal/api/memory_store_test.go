package api

import (
	"context"
	"maps"
	"slices"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A memoryStore holds what the operations need of a store. It lets a test
// choose the error that transactions end with.
type memoryStore struct {
	state storeState
	// fail, if set, is asked before each transaction.
	fail func() error
}

type storeState struct {
	accounts map[live.AccountID]live.Account
	keys     map[string]live.AccessKey
	domains  map[string]live.Domain
	mappings map[string]live.DomainMapping
	notify   map[string]live.NotifyConfig
	records  []live.RecordConfig
}

func newMemoryStore() *memoryStore {
	return &memoryStore{state: storeState{
		accounts: map[live.AccountID]live.Account{},
		keys:     map[string]live.AccessKey{},
		domains:  map[string]live.Domain{},
		mappings: map[string]live.DomainMapping{},
		notify:   map[string]live.NotifyConfig{},
	}}
}

func (m *memoryStore) Update(_ context.Context, fn func(store.Tx) error) error {
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	next := storeState{
		accounts: maps.Clone(m.state.accounts),
		keys:     maps.Clone(m.state.keys),
		domains:  maps.Clone(m.state.domains),
		mappings: maps.Clone(m.state.mappings),
		notify:   maps.Clone(m.state.notify),
		records:  slices.Clone(m.state.records),
	}
	if err := fn(memoryTx{storeState: &next}); err != nil {
		return err
	}
	m.state = next
	return nil
}

func (m *memoryStore) View(_ context.Context, fn func(store.Reader) error) error {
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	return fn(memoryTx{storeState: &m.state})
}

// memoryTx has the methods that this package uses; the others panic.
type memoryTx struct {
	store.Tx
	*storeState
}

// lookup returns m[key] or missing.
func lookup[K comparable, V any](m map[K]V, key K, missing error) (V, error) {
	v, ok := m[key]
	if !ok {
		return v, missing
	}
	return v, nil
}

// add sets m[key], or returns exists.
func add[K comparable, V any](m map[K]V, key K, v V, exists error) error {
	if _, ok := m[key]; ok {
		return exists
	}
	m[key] = v
	return nil
}

func (tx memoryTx) AccessKey(_ context.Context, id string) (live.AccessKey, error) {
	return lookup(tx.keys, id, live.ErrAccessKeyMissing)
}

func (tx memoryTx) Domain(_ context.Context, name string) (live.Domain, error) {
	return lookup(tx.domains, name, live.ErrDomainNotFound)
}

func (tx memoryTx) NotifyConfig(_ context.Context, domain string) (live.NotifyConfig, error) {
	return lookup(tx.notify, domain, live.ErrConfigNotFound)
}

func (tx memoryTx) RecordConfigs(_ context.Context, q live.RecordConfigQuery) (page []live.RecordConfig, total int, err error) {
	for _, c := range tx.records {
		if c.Domain == q.Domain && (q.App == "" || c.App == q.App) && (q.Stream == "" || c.Stream == q.Stream) {
			page = append(page, c)
		}
	}
	if q.Descending {
		slices.Reverse(page)
	}
	total = len(page)
	page = page[min(q.Offset, total):]
	return page[:min(q.Limit, len(page))], total, nil
}

func (tx memoryTx) AddAccount(_ context.Context, a live.Account) error {
	tx.accounts[a.ID] = a
	return nil
}

func (tx memoryTx) PutAccessKey(_ context.Context, k live.AccessKey) error {
	tx.keys[k.ID] = k
	return nil
}

func (tx memoryTx) AddDomain(_ context.Context, d live.Domain) error {
	return add(tx.domains, d.Name, d, live.ErrDomainExists)
}

func (tx memoryTx) AddDomainMapping(_ context.Context, m live.DomainMapping) error {
	return add(tx.mappings, m.PushDomain, m, live.ErrMappingExists)
}

func (tx memoryTx) AddRecordConfig(_ context.Context, c live.RecordConfig) error {
	if slices.ContainsFunc(tx.records, func(o live.RecordConfig) bool { return o.Key() == c.Key() }) {
		return live.ErrConfigExists
	}
	tx.records = append(tx.records, c)
	return nil
}

func (tx memoryTx) AddNotifyConfig(_ context.Context, c live.NotifyConfig) error {
	return add(tx.notify, c.Domain, c, live.ErrConfigExists)
}

func (tx memoryTx) SetNotifyConfig(_ context.Context, c live.NotifyConfig) error {
	if _, ok := tx.notify[c.Domain]; !ok {
		return live.ErrConfigNotFound
	}
	tx.notify[c.Domain] = c
	return nil
}

func (tx memoryTx) DeleteNotifyConfig(_ context.Context, domain string) error {
	if _, ok := tx.notify[domain]; !ok {
		return live.ErrConfigNotFound
	}
	delete(tx.notify, domain)
	return nil
}
