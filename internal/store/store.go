// Package store is the contract of the SQL store: what every backend does, and
// what its callers may rely on. The backends are store/sqlite, for a server that
// stands alone, and store/postgres, which several servers (nodes) can share; both
// pass the suite of store/storetest.
//
// A store of package postgres is opened under the name of a node: "this node" is that
// one, and what it writes first is its own where the methods make a difference. In
// SQLite there is one node.
//
// A fact and what is owed for it are one transaction: callers change a
// recording, write the event and the deliveries owed in a single Update.
package store

import (
	"context"
	"errors"
	"time"

	"tallylight/internal/live"
)

// Errors of a store, beside those of package live that the methods name.
var (
	// ErrUnavailable means that the store cannot take writes now: disk full,
	// read only, busy. Nothing of the Update was written; trying again may help.
	ErrUnavailable = errors.New("store unavailable")
	// ErrUncertain means that the outcome of the commit is unknown: the Update
	// may have been written. Whoever tries again must be ready to find it done.
	ErrUncertain = errors.New("store: outcome of the commit is unknown")
	// ErrClosed is returned once Close has been called.
	ErrClosed = errors.New("store closed")

	// ErrDamaged means that the store's data is not readable as such. It comes
	// when a store is opened, or later from any method.
	ErrDamaged = errors.New("store is damaged: restore it from a backup")
	// ErrNewerSchema means that a newer version has used the store, which this
	// one could misread. It comes when a store is opened.
	ErrNewerSchema = errors.New("store was written by a newer version: run that version, or restore a backup made before the upgrade")
	// ErrSchemaChanged means that the store's schema was not made by the
	// migrations that this version has. It comes when a store is opened.
	ErrSchemaChanged = errors.New("store was made by another edition of the migrations: run the version that made it, or restore a backup")
)

// A Store keeps the server's state.
type Store interface {
	// Update runs fn in a read-write transaction. When it returns nil, all that
	// fn wrote is durable: it survives a crash of the process and of the
	// machine. When fn returns an error, nothing of it is written and Update
	// returns that error.
	//
	// fn returns the errors that it gets: once a method has failed with another
	// error than those of package live, nothing more of this Update succeeds, and
	// Update returns that error even if fn did not. When fn panics, nothing of it
	// is written and the panic passes on to the caller of Update; other Updates do
	// not notice. When ctx ends before fn has begun, fn is not run.
	//
	// fn must be quick, do no I/O of its own, and never call the Store. The Tx is
	// fn's alone and useless after it. A backend may run fn again from its
	// beginning, when what it did had to make way for another Update: only what the
	// last run leaves behind counts.
	//
	// In SQLite, Updates are serialised, and several waiting ones share one commit.
	// In PostgreSQL they run side by side, those of other nodes, too: each statement
	// sees what was committed before it, and a row that one Update has changed is
	// nobody else's until its end. What the methods promise of numbers, of adding
	// once and of claims holds there as well; what fn concludes from reading one
	// row to write another need not, unless it has changed a row that its rivals
	// change, too, or has called LockConfigs, as they do.
	Update(ctx context.Context, fn func(Tx) error) error

	// View runs fn in a read-only transaction that sees one consistent state,
	// with every Update that had returned before. What Update asks of fn and says
	// of its errors holds here too.
	View(ctx context.Context, fn func(Reader) error) error

	// Close waits for running transactions and closes the store.
	Close() error
}

// A Reader reads one consistent state. Methods that look up one thing return
// the error of package live that they name when it is not there. Times are kept
// to the microsecond and returned in UTC; those in an event's detail stay as they
// are.
type Reader interface {
	// OwnerAccount returns the first account, or live.ErrAccountNotFound.
	OwnerAccount(ctx context.Context) (live.Account, error)
	// AccessKey returns a key pair, or live.ErrAccessKeyMissing.
	AccessKey(ctx context.Context, id string) (live.AccessKey, error)

	// AccessKeys returns the keys of an account and of its users, by creation.
	AccessKeys(ctx context.Context, account live.AccountID) ([]live.AccessKey, error)

	// User returns a user, or live.ErrUserNotFound.
	User(ctx context.Context, account live.AccountID, name string) (live.User, error)

	// Users returns the users of an account, by name.
	Users(ctx context.Context, account live.AccountID) ([]live.User, error)

	// UserPolicies returns the policies of a user, by name; none if there is no
	// such user.
	UserPolicies(ctx context.Context, account live.AccountID, user string) ([]live.UserPolicy, error)

	// Nonces returns the nonces that have not expired at now, those that expire
	// first at first.
	Nonces(ctx context.Context, now time.Time) ([]live.Nonces, error)

	// Domain returns a domain, or live.ErrDomainNotFound.
	Domain(ctx context.Context, name string) (live.Domain, error)
	// DomainMapping returns the mapping of an ingest domain, or live.ErrNotFound.
	DomainMapping(ctx context.Context, pushDomain string) (live.DomainMapping, error)
	// Domains returns the domains of an account, first added to last.
	Domains(ctx context.Context, account live.AccountID) ([]live.Domain, error)
	// DomainMappings returns the mappings to a streaming domain, by the names of
	// the ingest domains.
	DomainMappings(ctx context.Context, pullDomain string) ([]live.DomainMapping, error)
	// PushAuth returns what a domain demands of pushes to it, or
	// live.ErrConfigNotFound.
	PushAuth(ctx context.Context, domain string) (live.PushAuth, error)

	// Block returns the block of a stream, be it over or not, or live.ErrNotFound.
	Block(ctx context.Context, key live.StreamKey) (live.Block, error)
	// Blocks returns one page of blocks, by app and stream, and how many the query
	// selects in all.
	Blocks(ctx context.Context, q live.BlockQuery) (page []live.Block, total int, err error)
	// PastSessions returns one page of sessions and how many the query selects in
	// all.
	PastSessions(ctx context.Context, q live.SessionQuery) (page []live.PastSession, total int, err error)

	// SessionsElsewhere returns the sessions of a streaming domain that are live on
	// other nodes, the oldest first.
	SessionsElsewhere(ctx context.Context, domain string, now time.Time) ([]live.Session, error)
	// HeldSessions returns the sessions of this node that BeginSession has begun and
	// to which their streams still belong.
	HeldSessions(ctx context.Context) ([]live.SessionID, error)
	// UnwantedSessions returns those of HeldSessions that must end: the stream is
	// forbidden at now, or CutStream was called; its streaming domain, or the domain
	// that it is pushed to, is stopped or gone.
	UnwantedSessions(ctx context.Context, now time.Time) ([]live.Unwanted, error)

	// Node returns what is known of this node, or live.ErrNotFound.
	Node(ctx context.Context) (live.Node, error)
	// NodeOf returns the name of the running node on which a stream is live or,
	// where it is live on none, of the one that has its latest open recording. It
	// fails with live.ErrNotFound.
	NodeOf(ctx context.Context, key live.StreamKey, now time.Time) (string, error)
	// OrderAnswer returns the answer to an order, "" if there is none yet, or
	// live.ErrNotFound.
	OrderAnswer(ctx context.Context, id live.OrderID) (string, error)

	// RecordConfig returns the rule of exactly that triple, or
	// live.ErrConfigNotFound.
	RecordConfig(ctx context.Context, key live.StreamKey) (live.RecordConfig, error)
	// MatchRecordConfig returns the most specific rule for a stream (see
	// live.MatchKeys), or live.ErrConfigNotFound.
	MatchRecordConfig(ctx context.Context, key live.StreamKey) (live.RecordConfig, error)
	// RecordConfigs returns one page of rules, ordered by creation, and how many
	// match in all.
	RecordConfigs(ctx context.Context, q live.RecordConfigQuery) (page []live.RecordConfig, total int, err error)
	// NotifyConfig returns a domain's configuration, or live.ErrConfigNotFound.
	NotifyConfig(ctx context.Context, domain string) (live.NotifyConfig, error)
	// StreamsNotifyConfig returns an ingest domain's configuration, or
	// live.ErrConfigNotFound.
	StreamsNotifyConfig(ctx context.Context, domain string) (live.StreamsNotifyConfig, error)
	// AnnouncedPublishes returns the pushes of this node whose end has to be told of,
	// in the order of their sessions.
	AnnouncedPublishes(ctx context.Context) ([]live.AnnouncedPublish, error)

	// OpenRecordings returns the recordings of this node that are not closed, oldest
	// first.
	OpenRecordings(ctx context.Context) ([]live.Recording, error)
	// RecordFile returns a file, or live.ErrNotFound.
	RecordFile(ctx context.Context, id live.RecordFileID) (live.RecordFile, error)
	// UnfinishedRecordFiles returns the files in state open or sealed that no other
	// node has, oldest first.
	UnfinishedRecordFiles(ctx context.Context) ([]live.RecordFile, error)
	// OwnRecordFile reports whether a record file is there and its recording is not
	// another node's: what is in folders of a node's own is out of others' reach.
	OwnRecordFile(ctx context.Context, id live.RecordFileID) (bool, error)
	// RecordFiles returns one page of record files.
	RecordFiles(ctx context.Context, q live.RecordFileQuery) ([]live.RecordFile, error)
	// StoredTotals returns, by domain, how many record files are stored that started
	// at from or later, and their size. It counts the newest, at most limit.
	StoredTotals(ctx context.Context, from time.Time, limit int) ([]live.StoredTotal, error)
	// RecordingFiles returns the files of a recording by sequence and id.
	RecordingFiles(ctx context.Context, id live.RecordingID) ([]live.RecordFile, error)
	// LatestRecordingFiles returns the files of a recording from the highest sequence
	// and id down, at most limit.
	LatestRecordingFiles(ctx context.Context, id live.RecordingID, limit int) ([]live.RecordFile, error)
	// Upload returns the upload of a spool file, or live.ErrNotFound.
	Upload(ctx context.Context, name string) (live.Upload, error)
	// UploadParts returns the parts of an upload by number.
	UploadParts(ctx context.Context, name string) ([]live.UploadPart, error)
	// FinishedUploads returns the uploads of record files that are neither open nor
	// sealed nor another node's, by name, at most limit of those behind the name
	// after.
	FinishedUploads(ctx context.Context, after string, limit int) ([]live.Upload, error)
	// Recording returns a recording, or live.ErrNotFound.
	Recording(ctx context.Context, id live.RecordingID) (live.Recording, error)
	// RecordContents returns what the stored files of a query amount to, one for
	// each recording and format, by the beginning of their first files.
	RecordContents(ctx context.Context, q live.RecordContentQuery) ([]live.RecordContent, error)
	// FileSlices returns the slices of a record file by sequence and kind.
	FileSlices(ctx context.Context, id live.RecordFileID) ([]live.Slice, error)
	// Slices returns the slices that a query selects, in the order in which they
	// were stored.
	Slices(ctx context.Context, q live.SliceQuery) ([]live.Slice, error)
	// IndexFile returns an index file, or live.ErrNotFound.
	IndexFile(ctx context.Context, id live.IndexFileID) (live.IndexFile, error)
	// IndexFiles returns one page of index files, ordered by creation, and how many
	// the query selects in all.
	IndexFiles(ctx context.Context, q live.IndexFileQuery) (page []live.IndexFile, total int, err error)

	// ObjectKnown reports whether an object of a bucket is a record file that is
	// sealed or stored, a slice or an index file.
	ObjectKnown(ctx context.Context, bucket, objectKey string) (bool, error)

	// Events returns the events of a stream in their order, from sequence number
	// after+1 on, at most limit. What came before one that was pruned is left out.
	Events(ctx context.Context, key live.StreamKey, after int64, limit int) ([]live.Event, error)
	// StreamHeads returns the streams of a domain that have had events, those whose
	// first event came last at first, at most limit.
	StreamHeads(ctx context.Context, domain string, limit int) ([]live.StreamHead, error)
	// LatestEvents returns the events with the highest ids, the latest of them first,
	// at most limit. A file's event has an id of the time at which the file began.
	LatestEvents(ctx context.Context, limit int) ([]live.Event, error)
	// Event returns an event, or live.ErrNotFound.
	Event(ctx context.Context, id live.EventID) (live.Event, error)
	// FileEvents returns the events of type live.EventFileCreated by their ids, at
	// most limit of those behind the id after.
	FileEvents(ctx context.Context, after live.EventID, limit int) ([]live.Event, error)
	// Delivery returns a delivery, or live.ErrNotFound.
	Delivery(ctx context.Context, id live.DeliveryID) (live.Delivery, error)
	// NotifyRecords returns one page of the attempts that a query selects, the
	// newest first, and how many it selects in all.
	NotifyRecords(ctx context.Context, q live.NotifyRecordQuery) (page []live.NotifyRecord, total int, err error)
	// Deliveries returns one page of the deliveries that a query selects.
	Deliveries(ctx context.Context, q live.DeliveryQuery) ([]live.Delivery, error)
	// PrunableEvents returns, by their ids, the events from behind the id after on
	// that PruneEvents would delete, at most limit.
	PrunableEvents(ctx context.Context, before time.Time, after live.EventID, limit int) ([]live.EventID, error)

	// Endpoint returns an endpoint beside the notify config's URL, or
	// live.ErrNotFound.
	Endpoint(ctx context.Context, id live.EndpointID) (live.Endpoint, error)
	// Endpoints returns those of a domain, as they were added.
	Endpoints(ctx context.Context, domain string) ([]live.Endpoint, error)
	// WebhookSecrets returns every secret by owner, the newest of each first.
	WebhookSecrets(ctx context.Context) ([]live.WebhookSecret, error)

	// ParkedEndpoints returns the URLs that are parked, by URL.
	ParkedEndpoints(ctx context.Context) ([]live.ParkedEndpoint, error)
	// ReceiverHealth returns what all nodes have learned of receivers, by origin and
	// node.
	ReceiverHealth(ctx context.Context) ([]live.ReceiverHealth, error)
	// Backlogs returns the URLs to which deliveries are pending or dead, by URL. It
	// counts them one by one, in an index.
	Backlogs(ctx context.Context) ([]live.Backlog, error)

	// UndeliveredTotals returns, by domain, how many deliveries are pending and how
	// many are dead. Of either state it counts at most limit.
	UndeliveredTotals(ctx context.Context, limit int) ([]live.UndeliveredTotal, error)

	// Attempts returns the attempts of a delivery, first to last.
	Attempts(ctx context.Context, id live.DeliveryID) ([]live.Attempt, error)
	// NextDue returns the earliest time at which ClaimDeliveries, asked with the
	// same burst and skip, would hand something out; ok is false if nothing is
	// pending. A delivery that is held counts from the end of its lease.
	NextDue(ctx context.Context, burst int, skip []string) (due time.Time, ok bool, err error)
}

// A Tx reads and writes.
type Tx interface {
	Reader

	// LockConfigs holds up this Update until no other that has called it runs, on any
	// node, and those until this one ends. Called first, it lets fn conclude from what
	// it reads what to write.
	LockConfigs(ctx context.Context) error

	// AddOwner adds the first account. It fails with live.ErrAccountExists if there is
	// one, be it that another node adds one at the same moment.
	AddOwner(ctx context.Context, a live.Account) error
	// AddAccount fails if the id exists.
	AddAccount(ctx context.Context, a live.Account) error
	// PutAccessKey inserts or replaces a key pair.
	PutAccessKey(ctx context.Context, k live.AccessKey) error

	// DeleteAccessKey fails with live.ErrAccessKeyMissing.
	DeleteAccessKey(ctx context.Context, id string) error

	// AddUser fails with live.ErrUserExists.
	AddUser(ctx context.Context, u live.User) error

	// DeleteUser deletes a user with its policies and its access keys. It fails
	// with live.ErrUserNotFound.
	DeleteUser(ctx context.Context, account live.AccountID, name string) error

	// PutUserPolicy inserts or replaces a policy. It fails with
	// live.ErrUserNotFound.
	PutUserPolicy(ctx context.Context, p live.UserPolicy) error

	// DeleteUserPolicy fails with live.ErrPolicyNotFound.
	DeleteUserPolicy(ctx context.Context, account live.AccountID, user, name string) error

	// AddNonces keeps nonces beside those that are kept.
	AddNonces(ctx context.Context, n live.Nonces) error

	// UseNonce keeps a nonce that no node may take again before it expires, and
	// reports whether it is fresh. Beside AddNonces, which is for the node itself.
	UseNonce(ctx context.Context, digest uint64, expires time.Time) (fresh bool, err error)

	// DeleteNonces forgets the nonces that have expired at now, whichever node's.
	DeleteNonces(ctx context.Context, now time.Time) error

	// AddDomain fails with live.ErrDomainExists.
	AddDomain(ctx context.Context, d live.Domain) error
	// SetDomainStatus sets UpdatedAt to now, too. It fails with
	// live.ErrDomainNotFound.
	SetDomainStatus(ctx context.Context, name string, s live.DomainStatus, now time.Time) error
	// DeleteDomain deletes a domain with its mappings, its configurations, its
	// blocks and its past sessions. Recordings, events and deliveries stay. It
	// fails with live.ErrDomainNotFound.
	DeleteDomain(ctx context.Context, name string) error
	// AddDomainMapping fails with live.ErrMappingExists if the ingest domain is
	// mapped, be it to the same streaming domain.
	AddDomainMapping(ctx context.Context, m live.DomainMapping) error
	// DeleteDomainMapping fails with live.ErrConfigNotFound if the ingest domain is
	// not mapped to that streaming domain.
	DeleteDomainMapping(ctx context.Context, pushDomain, pullDomain string) error
	// PutPushAuth inserts or replaces. The store gives the ID, which a domain
	// keeps until DeletePushAuth.
	PutPushAuth(ctx context.Context, a live.PushAuth) error
	// DeletePushAuth changes nothing if there is none.
	DeletePushAuth(ctx context.Context, domain string) error

	// PutBlock inserts or replaces, and forgets those of the domain's blocks that
	// were over at b.CreatedAt.
	PutBlock(ctx context.Context, b live.Block) error
	// DeleteBlocks deletes the block of a stream; the app live.Any stands for every
	// app. It changes nothing if there is none.
	DeleteBlocks(ctx context.Context, key live.StreamKey) error

	// AddSession keeps a session that has begun. Adding an id that exists changes
	// nothing.
	AddSession(ctx context.Context, s live.Session) error
	// BeginSession is AddSession for a node that shares its streams with others: the
	// stream is then the session's until EndSession. It fails with
	// live.ErrStreamBusy if the stream is another running node's at now. A session
	// of this node, or of one whose lease is over, has to make way, and that of the
	// latter ends.
	BeginSession(ctx context.Context, s live.Session, now time.Time) error
	// CutStream makes the session that has a stream an unwanted one. It changes
	// nothing if none has it.
	CutStream(ctx context.Context, key live.StreamKey) error
	// EndSession says when a session ended, and gives its stream back. It changes
	// nothing if there is none.
	EndSession(ctx context.Context, id live.SessionID, at time.Time) error
	// EndLiveSessions ends every session of this node that has not ended; for the
	// start of its server.
	EndLiveSessions(ctx context.Context, at time.Time) error
	// DeleteSessions forgets the sessions that ended before a time. Those of a node
	// whose lease ended before it count as ended then.
	DeleteSessions(ctx context.Context, before time.Time) error

	// AddRecordConfig fails with live.ErrConfigExists.
	AddRecordConfig(ctx context.Context, c live.RecordConfig) error
	// SetRecordConfig replaces the rule of c.Key(), all but its time of creation;
	// it fails with live.ErrConfigNotFound.
	SetRecordConfig(ctx context.Context, c live.RecordConfig) error
	// DeleteRecordConfig fails with live.ErrConfigNotFound.
	DeleteRecordConfig(ctx context.Context, key live.StreamKey) error
	// AddNotifyConfig fails with live.ErrConfigExists.
	AddNotifyConfig(ctx context.Context, c live.NotifyConfig) error
	// SetNotifyConfig replaces; it fails with live.ErrConfigNotFound.
	SetNotifyConfig(ctx context.Context, c live.NotifyConfig) error
	// DeleteNotifyConfig fails with live.ErrConfigNotFound.
	DeleteNotifyConfig(ctx context.Context, domain string) error
	// PutStreamsNotifyConfig inserts or replaces an ingest domain's configuration.
	PutStreamsNotifyConfig(ctx context.Context, c live.StreamsNotifyConfig) error
	// DeleteStreamsNotifyConfig fails with live.ErrConfigNotFound.
	DeleteStreamsNotifyConfig(ctx context.Context, domain string) error
	// AddEndpoint fails if the id exists.
	AddEndpoint(ctx context.Context, e live.Endpoint) error
	// DeleteEndpoint deletes an endpoint and its secrets; what is owed to it stays
	// owed. It fails with live.ErrNotFound.
	DeleteEndpoint(ctx context.Context, id live.EndpointID) error
	// AddWebhookSecret adds a secret of its owner and forgets all but the newest
	// live.MaxWebhookSecrets. One that the owner has becomes the newest.
	AddWebhookSecret(ctx context.Context, s live.WebhookSecret) error
	// DeleteWebhookSecret fails with live.ErrNotFound.
	DeleteWebhookSecret(ctx context.Context, s live.WebhookSecret) error
	// ParkEndpoint parks a URL for all nodes: none of its deliveries is leased by
	// Owe or claimed any more. Those that are held may still be attempted. It
	// changes nothing if the URL is parked.
	ParkEndpoint(ctx context.Context, p live.ParkedEndpoint) error
	// ResumeEndpoint undoes ParkEndpoint: what is due can be claimed. It fails with
	// live.ErrNotFound if the URL is not parked.
	ResumeEndpoint(ctx context.Context, url string) error
	// GiveUpDeliveries makes dead what is pending to a URL and not held, and returns
	// how many deliveries that were.
	GiveUpDeliveries(ctx context.Context, url string) (int, error)
	// PutReceiverHealth inserts or replaces what this node has learned of a receiver,
	// whatever h.Node is.
	PutReceiverHealth(ctx context.Context, h live.ReceiverHealth) error
	// OwnReceiverHealth returns what this node has learned of receivers, by origin.
	OwnReceiverHealth(ctx context.Context) ([]live.ReceiverHealth, error)
	// DeleteReceiverHealth forgets what nodes learned of receivers to which they made
	// no attempt since a time.
	DeleteReceiverHealth(ctx context.Context, before time.Time) error
	// PutAnnouncedPublish inserts or replaces what is known of a push to this node.
	PutAnnouncedPublish(ctx context.Context, a live.AnnouncedPublish) error
	// DeleteAnnouncedPublish does nothing where there is none.
	DeleteAnnouncedPublish(ctx context.Context, id live.SessionID) error

	// EnterNode makes n the process that serves as this node, leased until
	// n.LeasedUntil; n.Name is not looked at. It fails with live.ErrNodeTaken if
	// another process does at now, unless both are at one place, where only one can
	// run. What earlier versions left is the first node's that ever enters; orders
	// to this node are forgotten.
	EnterNode(ctx context.Context, n live.Node, now time.Time) error
	// RenewNode prolongs the lease of the process run. It fails with
	// live.ErrNodeTaken if another serves as this node. The lease need not have
	// lasted: what others took meanwhile is missing from HeldSessions.
	RenewNode(ctx context.Context, run string, until time.Time) error
	// AddOrder gives an order to another node, and forgets those to it that expired
	// live.NodeLease before now.
	AddOrder(ctx context.Context, o live.Order, now time.Time) error
	// TakeOrders returns the orders to this node that have not expired at now, each
	// once.
	TakeOrders(ctx context.Context, now time.Time) ([]live.Order, error)
	// AnswerOrder keeps the answer to an order, which is not empty. It changes
	// nothing if the order is gone.
	AnswerOrder(ctx context.Context, id live.OrderID, answer string) error
	// DeleteOrder forgets an order. It changes nothing if it is gone.
	DeleteOrder(ctx context.Context, id live.OrderID) error

	// PutRecording inserts or replaces a recording. One that is new is this node's.
	PutRecording(ctx context.Context, r live.Recording) error
	// PutRecordFile inserts or replaces a record file.
	PutRecordFile(ctx context.Context, f live.RecordFile) error
	// AddSlice keeps where a slice is. Adding an object that was stored at that time
	// already changes nothing.
	AddSlice(ctx context.Context, s live.Slice) error
	// DeleteSlices forgets the slices of a record file.
	DeleteSlices(ctx context.Context, id live.RecordFileID) error
	// AddIndexFile fails if the id exists. It forgets the index files of the stream
	// that were created live.IndexFileRetention before.
	AddIndexFile(ctx context.Context, f live.IndexFile) error
	// DeleteIndexFile fails with live.ErrNotFound.
	DeleteIndexFile(ctx context.Context, id live.IndexFileID) error

	// PutUpload inserts the upload of a spool file. The one before and its parts are
	// forgotten.
	PutUpload(ctx context.Context, u live.Upload) error
	// AddUploadPart keeps a part of an upload and replaces the one of its number. It
	// fails with live.ErrNotFound if the spool file has no upload of that ID.
	AddUploadPart(ctx context.Context, u live.Upload, p live.UploadPart) error
	// DeleteUpload forgets an upload and its parts. It changes nothing if there is
	// none.
	DeleteUpload(ctx context.Context, name string) error

	// AddEvent writes an event and returns it with its sequence number, which
	// is one more than that of the stream's last event. Adding an id that exists
	// changes nothing and returns the event as it was written first.
	AddEvent(ctx context.Context, e live.Event) (live.Event, error)
	// AddDelivery owes d.Event, which must have been added (else live.ErrNotFound),
	// to d.URL. Of d.Event only the ID is looked at. Adding an id that exists
	// changes nothing.
	AddDelivery(ctx context.Context, d live.Delivery) error
	// Owe adds o.Event as AddEvent does and owes it to each URL of o.Deliveries, for a
	// server that delivers itself what it owes as soon as the Update has returned:
	// unless another delivery of the stream to the URL is pending, or the URL is
	// parked, a delivery is leased until its LeasedUntil, as ClaimDeliveries would
	// lease it.
	//
	// Owe changes o, which fn makes anew whenever it is run. o is complete when Update
	// has returned nil, and not before: the event is as it was
	// written, also that of each delivery, and LeasedUntil is zero where a delivery is
	// not leased and has to be claimed. A delivery whose id exists has to be; if no
	// attempt at it is recorded, the lease that this server has of it is given back,
	// so that an Update of uncertain outcome can be repeated.
	//
	// An Update that does nothing but owe costs the least in PostgreSQL, where several
	// such share their statements.
	Owe(ctx context.Context, o *Owing) error
	// ReleaseDeliveries gives back the leases that this server has of deliveries
	// of which it makes no attempt after all. Those that it does not have are
	// passed over.
	ReleaseDeliveries(ctx context.Context, ids []live.DeliveryID) error
	// ClaimDeliveries hands out up to limit pending deliveries that are due and
	// not held, those that became so first, each leased to the caller until
	// lease, which must be later than now by a microsecond at least.
	//
	// Of the deliveries of one stream to one URL, those still in their burst are
	// handed out strictly in the order of their events, one at a time: none is
	// claimed while an earlier one is pending with at most burst attempts behind
	// it. Later attempts (the tail) neither wait nor are waited for. Two
	// deliveries of one event to one URL are in the order in which they were
	// added. burst is a setting of the server: whoever changes it calls
	// ReleaseClaims.
	//
	// Nothing is handed out that is owed to a parked URL (see ParkEndpoint).
	//
	// Deliveries whose origin (live.Origin of their URL) is in skip are passed
	// over, so that a caller who has enough of one receiver can reach the others.
	// They are passed over in no more time than it takes to read their index.
	//
	// Several nodes may claim at once: none is given what another holds, nor what is
	// behind it in its line. One may find less than there is while another claims;
	// its next claim finds the rest. Leases are by the nodes' clocks, which therefore
	// have to agree.
	ClaimDeliveries(ctx context.Context, now, lease time.Time, burst, limit int, skip []string) ([]live.Delivery, error)
	// ClaimOf is ClaimDeliveries for the deliveries of one origin.
	ClaimOf(ctx context.Context, now, lease time.Time, burst, limit int, origin string) ([]live.Delivery, error)
	// FinishAttempt records an attempt and what became of the delivery: its
	// State, Attempts and DueAt are taken from d, and the lease is given back. It
	// fails with live.ErrNotFound. Recording the same number again replaces that
	// attempt, so that an Update of uncertain outcome can be repeated.
	FinishAttempt(ctx context.Context, d live.Delivery, a live.Attempt) error
	// FinishAttempts is FinishAttempt for many deliveries, none of them twice. It
	// fails if one of them fails. freed reports whether deliveries that waited for
	// one of these can be claimed now.
	FinishAttempts(ctx context.Context, list []FinishedAttempt) (freed bool, err error)
	// ReplayDelivery has a delivery made once more: it becomes pending, signed with
	// signKey and due at now, its schedule begins anew and its attempts count on. It
	// stands in a line with the other replays of its stream and URL, so that neither
	// those nor the deliveries of new events wait for each other. One that is in its
	// burst anyway, or held, is left alone, and replayed is false; so it is where
	// there is none of that id.
	ReplayDelivery(ctx context.Context, id live.DeliveryID, signKey string, now time.Time, burst int) (replayed bool, err error)
	// ForgetDelivery deletes a dead delivery with its attempts. forgotten is false if
	// it is not dead.
	ForgetDelivery(ctx context.Context, id live.DeliveryID) (forgotten bool, err error)
	// PruneEvents deletes events with their deliveries and attempts, and returns how
	// many. It passes over those that did not occur before a time, are not delivered
	// to all to whom they are owed, were replayed since that time, or tell of a
	// record file that the store knows and that is not deleted.
	PruneEvents(ctx context.Context, before time.Time, ids []live.EventID) (int, error)
	// ReleaseClaims gives back every lease that was claimed through a store of this
	// node, which its options name; for the start of its server. In SQLite that is
	// every lease. Those of a node that does not come back end by themselves.
	ReleaseClaims(ctx context.Context) error
}

// An Owing is an event and what is owed for it. The Event of its deliveries need not
// be set.
type Owing struct {
	Event      live.Event
	Deliveries []live.Delivery
}

// A FinishedAttempt is an attempt and what became of its delivery.
type FinishedAttempt struct {
	Delivery live.Delivery
	Attempt  live.Attempt
}
