package api

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A memoryStore holds what the operations need of a store. It lets a test
// choose the error that transactions end with.
type memoryStore struct {
	mu    sync.Mutex
	state storeState
	// fail, if set, is asked before each transaction.
	fail func() error
}

type storeState struct {
	accounts      map[live.AccountID]live.Account
	keys          map[string]live.AccessKey
	policies      []live.UserPolicy
	nonces        []live.Nonces
	domains       map[string]live.Domain
	mappings      map[string]live.DomainMapping
	notify        map[string]live.NotifyConfig
	streamsNotify map[string]live.StreamsNotifyConfig
	records       []live.RecordConfig
	auths         map[string]live.PushAuth
	blocks        map[live.StreamKey]live.Block
	sessions      []live.PastSession
	contents      []live.RecordContent
	slices        []live.Slice
	indexes       map[live.IndexFileID]live.IndexFile
}

func newMemoryStore() *memoryStore {
	return &memoryStore{state: storeState{
		accounts:      map[live.AccountID]live.Account{},
		keys:          map[string]live.AccessKey{},
		domains:       map[string]live.Domain{},
		mappings:      map[string]live.DomainMapping{},
		notify:        map[string]live.NotifyConfig{},
		streamsNotify: map[string]live.StreamsNotifyConfig{},
		auths:         map[string]live.PushAuth{},
		blocks:        map[live.StreamKey]live.Block{},
		indexes:       map[live.IndexFileID]live.IndexFile{},
	}}
}

func (m *memoryStore) Update(_ context.Context, fn func(store.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	next := storeState{
		accounts:      maps.Clone(m.state.accounts),
		keys:          maps.Clone(m.state.keys),
		policies:      slices.Clone(m.state.policies),
		nonces:        slices.Clone(m.state.nonces),
		domains:       maps.Clone(m.state.domains),
		mappings:      maps.Clone(m.state.mappings),
		notify:        maps.Clone(m.state.notify),
		streamsNotify: maps.Clone(m.state.streamsNotify),
		records:       slices.Clone(m.state.records),
		auths:         maps.Clone(m.state.auths),
		blocks:        maps.Clone(m.state.blocks),
		sessions:      m.state.sessions,
		contents:      m.state.contents,
		slices:        slices.Clone(m.state.slices),
		indexes:       maps.Clone(m.state.indexes),
	}
	if err := fn(memoryTx{storeState: &next}); err != nil {
		return err
	}
	m.state = next
	return nil
}

func (m *memoryStore) View(_ context.Context, fn func(store.Reader) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
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

func (tx memoryTx) UserPolicies(_ context.Context, _ live.AccountID, user string) (list []live.UserPolicy, err error) {
	for _, p := range tx.policies {
		if p.User == user {
			list = append(list, p)
		}
	}
	return list, nil
}

func (tx memoryTx) AddNonces(_ context.Context, n live.Nonces) error {
	tx.nonces = append(tx.nonces, n)
	return nil
}

func (tx memoryTx) DeleteNonces(context.Context, time.Time) error { return nil }

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

func (tx memoryTx) RecordConfig(_ context.Context, key live.StreamKey) (live.RecordConfig, error) {
	for _, c := range tx.records {
		if c.Key() == key {
			return c, nil
		}
	}
	return live.RecordConfig{}, live.ErrConfigNotFound
}

func (tx memoryTx) SetRecordConfig(_ context.Context, c live.RecordConfig) error {
	for i, o := range tx.records {
		if o.Key() == c.Key() {
			tx.records[i] = c
			return nil
		}
	}
	return live.ErrConfigNotFound
}

func (tx memoryTx) DeleteRecordConfig(_ context.Context, key live.StreamKey) error {
	before := len(tx.records)
	tx.records = slices.DeleteFunc(tx.records, func(c live.RecordConfig) bool { return c.Key() == key })
	if len(tx.records) == before {
		return live.ErrConfigNotFound
	}
	return nil
}

func (tx memoryTx) NotifyRecords(context.Context, live.NotifyRecordQuery) ([]live.NotifyRecord, int, error) {
	return nil, 0, nil // no test of the operations adds any here
}

func (tx memoryTx) StreamsNotifyConfig(_ context.Context, domain string) (live.StreamsNotifyConfig, error) {
	return lookup(tx.streamsNotify, domain, live.ErrConfigNotFound)
}

func (tx memoryTx) PutStreamsNotifyConfig(_ context.Context, c live.StreamsNotifyConfig) error {
	tx.streamsNotify[c.Domain] = c
	return nil
}

func (tx memoryTx) DeleteStreamsNotifyConfig(_ context.Context, domain string) error {
	if _, ok := tx.streamsNotify[domain]; !ok {
		return live.ErrConfigNotFound
	}
	delete(tx.streamsNotify, domain)
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

func (tx memoryTx) Domains(_ context.Context, account live.AccountID) (list []live.Domain, err error) {
	for _, d := range tx.domains {
		if d.AccountID == account {
			list = append(list, d)
		}
	}
	return list, nil
}

func (tx memoryTx) SetDomainStatus(_ context.Context, name string, s live.DomainStatus, now time.Time) error {
	d := tx.domains[name]
	d.Status, d.UpdatedAt = s, now
	tx.domains[name] = d
	return nil
}

func (tx memoryTx) DeleteDomain(_ context.Context, name string) error {
	delete(tx.domains, name)
	return nil
}

func (tx memoryTx) DomainMapping(_ context.Context, pushDomain string) (live.DomainMapping, error) {
	return lookup(tx.mappings, pushDomain, live.ErrNotFound)
}

func (tx memoryTx) DomainMappings(context.Context, string) ([]live.DomainMapping, error) {
	return nil, nil // no test of the operations asks for them here
}

func (tx memoryTx) DeleteDomainMapping(_ context.Context, pushDomain, pullDomain string) error {
	if tx.mappings[pushDomain].PullDomain != pullDomain {
		return live.ErrConfigNotFound
	}
	delete(tx.mappings, pushDomain)
	return nil
}

func (tx memoryTx) PushAuth(_ context.Context, domain string) (live.PushAuth, error) {
	return lookup(tx.auths, domain, live.ErrConfigNotFound)
}

func (tx memoryTx) PutPushAuth(_ context.Context, a live.PushAuth) error {
	tx.auths[a.Domain] = a
	return nil
}

func (tx memoryTx) DeletePushAuth(_ context.Context, domain string) error {
	delete(tx.auths, domain)
	return nil
}

func (tx memoryTx) Block(_ context.Context, key live.StreamKey) (live.Block, error) {
	return lookup(tx.blocks, key, live.ErrNotFound)
}

func (tx memoryTx) Blocks(context.Context, live.BlockQuery) ([]live.Block, int, error) {
	return nil, len(tx.blocks), nil // no test of the operations asks for a page here
}

func (tx memoryTx) PutBlock(_ context.Context, b live.Block) error {
	tx.blocks[b.Key] = b
	return nil
}

func (tx memoryTx) DeleteBlocks(_ context.Context, key live.StreamKey) error {
	delete(tx.blocks, key)
	return nil
}

func (tx memoryTx) PastSessions(context.Context, live.SessionQuery) ([]live.PastSession, int, error) {
	return tx.sessions, len(tx.sessions), nil
}

func (tx memoryTx) RecordContents(context.Context, live.RecordContentQuery) ([]live.RecordContent, error) {
	return tx.contents, nil
}

func (tx memoryTx) Slices(_ context.Context, q live.SliceQuery) (list []live.Slice, err error) {
	for _, s := range tx.slices {
		if s.Key == q.Key && !s.StoredAt.Before(q.From) && s.StoredAt.Before(q.To) && len(list) < q.Limit {
			list = append(list, s)
		}
	}
	return list, nil
}

func (tx memoryTx) AddSlice(_ context.Context, s live.Slice) error {
	tx.slices = append(tx.slices, s)
	return nil
}

func (memoryTx) FileSlices(context.Context, live.RecordFileID) ([]live.Slice, error) { return nil, nil }

func (memoryTx) RecordingFiles(context.Context, live.RecordingID) ([]live.RecordFile, error) {
	return nil, nil
}

func (memoryTx) DeleteSlices(context.Context, live.RecordFileID) error { return nil }

func (tx memoryTx) IndexFile(_ context.Context, id live.IndexFileID) (live.IndexFile, error) {
	return lookup(tx.indexes, id, live.ErrNotFound)
}

func (tx memoryTx) IndexFiles(context.Context, live.IndexFileQuery) ([]live.IndexFile, int, error) {
	return nil, len(tx.indexes), nil // no test of the operations asks for a page here
}

func (tx memoryTx) AddIndexFile(_ context.Context, f live.IndexFile) error {
	tx.indexes[f.ID] = f
	return nil
}

func (tx memoryTx) DeleteIndexFile(_ context.Context, id live.IndexFileID) error {
	if _, ok := tx.indexes[id]; !ok {
		return live.ErrNotFound
	}
	delete(tx.indexes, id)
	return nil
}
