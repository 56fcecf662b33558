package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	// orderTimeout bounds how long an order may wait for its node. Whoever gave it
	// mostly gives up before.
	orderTimeout = 5 * time.Second
	// answerInterval is how often an answer is looked for.
	answerInterval = 100 * time.Millisecond
	// withdrawTimeout bounds forgetting an order that nobody waits for any more.
	withdrawTimeout = time.Second
)

// Answers to orders, and what they mean.
const (
	answerDone   = "done"
	answerFailed = "failed"
)

var answers = map[string]error{
	answerDone:         nil,
	"config_not_found": live.ErrConfigNotFound,
	"stream_offline":   live.ErrStreamOffline,
	"task_started":     live.ErrTaskStarted,
	"task_not_started": live.ErrTaskNotStarted,
}

// answerTo returns the answer that means err. Where err wraps several, the one that
// the caller looks for first counts.
func answerTo(err error) string {
	if err == nil {
		return answerDone
	}
	for _, name := range []string{"config_not_found", "stream_offline", "task_started", "task_not_started"} {
		if errors.Is(err, answers[name]) {
			return name
		}
	}
	return answerFailed
}

// Command carries out c on the recording of a stream, on whichever server the stream
// is live or, if it is on none, its recording is open. It returns when it has taken
// effect, with the errors of Config.Command. When ctx ends before, the command
// may have been carried out.
func (m *Member) Command(ctx context.Context, key live.StreamKey, c live.RecordCommand) error {
	var here live.Node
	var owner string
	err := m.cfg.Store.View(ctx, func(r store.Reader) (err error) {
		if here, err = r.Node(ctx); err != nil {
			return err
		}
		owner, err = r.NodeOf(ctx, key, time.Now())
		return err
	})
	switch {
	case errors.Is(err, live.ErrNotFound) || err == nil && owner == here.Name:
		return m.cfg.Command(ctx, key, c)
	case err != nil:
		return err
	}
	return m.order(ctx, owner, key, c)
}

// order has another node carry out a command, and waits for its answer.
func (m *Member) order(ctx context.Context, node string, key live.StreamKey, c live.RecordCommand) error {
	now := time.Now()
	o := live.Order{ID: live.NewOrderID(now), Node: node, Key: key, Command: c, ExpiresAt: now.Add(orderTimeout)}
	err := m.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.AddOrder(ctx, o, now) })
	if err != nil {
		return err
	}
	defer m.withdraw(ctx, o.ID)
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for node %s: %w", node, ctx.Err())
		case <-time.After(answerInterval):
		}
		var answer string
		err := m.cfg.Store.View(ctx, func(r store.Reader) (err error) {
			answer, err = r.OrderAnswer(ctx, o.ID)
			return err
		})
		switch {
		case errors.Is(err, live.ErrNotFound): // the node was started again
			return fmt.Errorf("node %s did not carry out the command %s", node, c)
		case err != nil:
			return err
		case answer == "":
			continue
		}
		if err, ok := answers[answer]; ok {
			return err
		}
		return fmt.Errorf("node %s failed to carry out the command %s: its log tells why", node, c)
	}
}

// withdraw forgets an order. If that fails it expires.
func (m *Member) withdraw(ctx context.Context, id live.OrderID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawTimeout)
	defer cancel()
	if err := m.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.DeleteOrder(ctx, id) }); err != nil {
		m.cfg.Log.Debug("order is not withdrawn, it will expire", "order_id", id, "err", err)
	}
}

// obey carries out an order and answers it.
func (m *Member) obey(ctx context.Context, o live.Order) {
	ctx, cancel := context.WithDeadline(ctx, o.ExpiresAt)
	defer cancel()
	err := m.cfg.Command(ctx, o.Key, o.Command)
	log := m.cfg.Log.With("order_id", o.ID, "command", o.Command, "domain", o.Key.Domain, "app", o.Key.App, "stream", o.Key.Stream)
	answer := answerTo(err)
	if answer == answerFailed {
		log.Error("command of another server failed", "err", err)
	}
	err = m.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.AnswerOrder(ctx, o.ID, answer) })
	if err != nil {
		log.Warn("cannot answer another server's command", "err", err)
		return
	}
	log.Debug("command of another server carried out", "answer", answer)
}
