package main

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"smartlink/client"
	"smartlink/examples"
	"smartlink/link"
)

// What goes over the wire.
const (
	command      = "FinLanIncDataCommand"
	batchSize    = 100
	batchCallers = 4
	fillBatch    = link.MaxBatch
	drainWire    = 12_000
)

// commands makes FinLanInc commands, the example's bytes but for the business key, which is another one
// each time.
type commands struct {
	before, after []byte
	n             atomic.Int64
}

func newCommands() (*commands, error) {
	const mark = "-number"
	body, _, err := examples.Numbered(examples.FinLanInc, mark)
	if err != nil {
		return nil, err
	}
	before, after, found := bytes.Cut(body, []byte(mark))
	if !found {
		return nil, errors.New("the example has no business key")
	}
	// Numbered marks the document too; that one stays as it is.
	return &commands{before: append(before, '-'), after: bytes.ReplaceAll(after, []byte(mark), nil)}, nil
}

func (c *commands) body() []byte {
	b := make([]byte, 0, len(c.before)+len(c.after)+20)
	b = strconv.AppendInt(append(b, c.before...), c.n.Add(1), 10)
	return append(b, c.after...)
}

func (c *commands) message() client.Message {
	return client.Message{Type: command, Audience: receiverApp, Body: c.body()}
}

func (c *commands) batch(n int) []client.Message {
	list := make([]client.Message, n)
	for i := range list {
		list[i] = c.message()
	}
	return list
}

// onWire starts a hub, with further settings of its environment, and measures over it.
func (s *stage) onWire(ctx context.Context, dir string, f func(h *process, w world, c *commands) ([]float64, error), settings ...string) (values []float64, err error) {
	c, err := newCommands()
	if err != nil {
		return nil, err
	}
	h, w, err := s.fresh(ctx, dir, settings...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	return f(h, w, c)
}

// overHTTP measures the hub's HTTP door: single sends, batches, get and ack.
func overHTTP(ctx context.Context, s *stage, dir string) ([]float64, error) {
	return s.onWire(ctx, dir, func(h *process, w world, c *commands) (values []float64, err error) {
		for _, n := range []int{1, 16, 64, 128} {
			sender, err := h.client(w.sender, n)
			if err != nil {
				return nil, err
			}
			rate, err := hammer(ctx, n, s.load(), func(ctx context.Context, _ int) (int, error) {
				_, err := sender.Send(ctx, c.message())
				return 1, err
			})
			if err != nil {
				return nil, err
			}
			values = append(values, rate)
		}
		sender, err := h.client(w.sender, batchCallers)
		if err != nil {
			return nil, err
		}
		rate, err := hammer(ctx, batchCallers, s.load(), func(ctx context.Context, _ int) (int, error) { return sendBatch(ctx, sender, c.batch(batchSize)) })
		if err != nil {
			return nil, err
		}
		values = append(values, rate)
		n := drainWire * s.times()
		if err := fillQueue(ctx, sender, c, n); err != nil {
			return nil, err
		}
		reader, err := h.client(w.receiver, readers)
		if err != nil {
			return nil, err
		}
		rate, err = count(ctx, readers, n, func(ctx context.Context, _ int) (int, error) { return getAndAck(ctx, reader) })
		return append(values, rate), err
	})
}

// fillQueue sends n messages in large batches.
func fillQueue(ctx context.Context, sender *client.Client, c *commands, n int) error {
	_, err := count(ctx, batchCallers, n, func(ctx context.Context, _ int) (int, error) { return sendBatch(ctx, sender, c.batch(fillBatch)) })
	return err
}

func sendBatch(ctx context.Context, c *client.Client, list []client.Message) (int, error) {
	sent, err := c.SendBatch(ctx, list)
	for _, s := range sent {
		if err == nil {
			err = s.Err
		}
	}
	return len(sent), err
}

func getAndAck(ctx context.Context, c *client.Client) (int, error) {
	got, err := c.Get(ctx, client.GetOptions{Max: readBatch})
	if err != nil {
		return 0, err
	}
	if len(got) == 0 {
		return 0, errors.New("the queue is empty")
	}
	yes := true
	acks := make([]link.Settlement, len(got))
	for i, d := range got {
		acks[i] = link.Settlement{DeliveryTag: d.Tag, Ack: &yes}
	}
	done, err := c.Ack(ctx, acks)
	for _, r := range done {
		if err == nil && r.Code != "" {
			err = link.NewError(r.Code)
		}
	}
	return len(got), err
}

// overSender measures single sends that share requests, over the client as it comes.
func overSender(ctx context.Context, s *stage, dir string) ([]float64, error) {
	return s.onWire(ctx, dir, func(h *process, w world, c *commands) (values []float64, err error) {
		over, err := client.New(client.Config{Server: h.address, ClientID: w.sender.ID, Secret: w.sender.Secret})
		if err != nil {
			return nil, err
		}
		sender := client.NewSender(over, client.SenderOptions{})
		defer func() { err = errors.Join(err, sender.Close(context.WithoutCancel(ctx))) }()
		for _, n := range callers {
			rate, err := hammer(ctx, n, s.load(), func(ctx context.Context, _ int) (int, error) {
				_, err := sender.Send(ctx, c.message())
				return 1, err
			})
			if err != nil {
				return nil, err
			}
			values = append(values, rate)
		}
		return values, nil
	})
}

// Rate of the open load, a second, and how many loads long it is: a 99th percentile needs many.
const (
	latencyRate  = 1000
	latencyLoads = 3
)

// latency measures how long a single send takes at a fixed rate.
func latency(ctx context.Context, s *stage, dir string) ([]float64, error) {
	return s.latencyAt(ctx, dir, latencyRate)
}

// latencyAt answers the median and the 99th percentile at a rate.
func (s *stage) latencyAt(ctx context.Context, dir string, rate int, settings ...string) ([]float64, error) {
	return s.onWire(ctx, dir, func(h *process, w world, c *commands) ([]float64, error) {
		sender, err := h.client(w.sender, 64)
		if err != nil {
			return nil, err
		}
		took, err := pace(ctx, rate, latencyLoads*s.load(), func(ctx context.Context) error {
			_, err := sender.Send(ctx, c.message())
			return err
		})
		return []float64{milliseconds(quantile(took, 0.5)), milliseconds(quantile(took, 0.99))}, err
	}, settings...)
}

// several calls f a few times and answers the median of how long it took, in milliseconds.
func several(n int, f func() (time.Duration, error)) (float64, error) {
	took := make([]time.Duration, n)
	for i := range took {
		var err error
		if took[i], err = f(); err != nil {
			return 0, err
		}
	}
	return milliseconds(quantile(took, 0.5)), nil
}

// timed tells how long a call took.
func timed(f func() error) (time.Duration, error) {
	began := time.Now()
	err := f()
	return time.Since(began), err
}
