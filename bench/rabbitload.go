package main

import (
	"context"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// What RabbitMQ is measured with.
const (
	rabbitQueue         = "bench"
	drainRabbit         = 12_000
	channelsPerConn     = 16
	rabbitFillCallers   = 64
	rabbitPersistent    = amqp.Persistent
	rabbitContentType   = "application/json"
	rabbitConsumerLabel = "bench"
)

// overRabbit measures RabbitMQ with the same bytes: each publish is confirmed before its caller goes on, as
// a send is answered.
func overRabbit(ctx context.Context, s *stage, _ string) (values []float64, err error) {
	r, err := s.startRabbit(ctx)
	if err != nil {
		return nil, err
	}
	c, err := newCommands()
	if err != nil {
		return nil, err
	}
	conn, err := amqp.Dial(r.url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	ch, err := conn.Channel()
	if err != nil {
		return nil, err
	}
	if _, err := ch.QueueDeclare(rabbitQueue, true, false, false, false, amqp.Table{"x-queue-type": "quorum"}); err != nil {
		return nil, err
	}
	defer func() {
		_, e := ch.QueueDelete(rabbitQueue, false, false, false)
		err = errors.Join(err, e)
	}()
	for _, n := range callers {
		p, err := newPublishers(r.url, n)
		if err != nil {
			return nil, err
		}
		rate, err := hammer(ctx, n, s.load(), func(ctx context.Context, caller int) (int, error) { return 1, p.publish(ctx, caller, c.body()) })
		if err = errors.Join(err, p.close()); err != nil {
			return nil, err
		}
		values = append(values, rate)
	}
	n := drainRabbit * s.times()
	p, err := newPublishers(r.url, rabbitFillCallers)
	if err != nil {
		return nil, err
	}
	_, err = count(ctx, rabbitFillCallers, n, func(ctx context.Context, caller int) (int, error) { return 1, p.publish(ctx, caller, c.body()) })
	if err = errors.Join(err, p.close()); err != nil {
		return nil, err
	}
	rate, err := drainRabbitQueue(ctx, r.url, n)
	return append(values, rate), err
}

// publishers have a channel each, a few to a connection.
type publishers struct {
	conns    []*amqp.Connection
	channels []*amqp.Channel
}

func newPublishers(url string, n int) (*publishers, error) {
	p := &publishers{}
	for i := range n {
		if i%channelsPerConn == 0 {
			conn, err := amqp.Dial(url)
			if err != nil {
				return nil, errors.Join(err, p.close())
			}
			p.conns = append(p.conns, conn)
		}
		ch, err := p.conns[len(p.conns)-1].Channel()
		if err == nil {
			err = ch.Confirm(false)
		}
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.channels = append(p.channels, ch)
	}
	return p, nil
}

func (p *publishers) close() error {
	var errs []error
	for _, c := range p.conns {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// publish waits until the broker has confirmed.
func (p *publishers) publish(ctx context.Context, caller int, body []byte) error {
	confirm, err := p.channels[caller].PublishWithDeferredConfirmWithContext(ctx, "", rabbitQueue, true, false, amqp.Publishing{
		DeliveryMode: rabbitPersistent, ContentType: rabbitContentType, Body: body,
	})
	if err != nil {
		return err
	}
	ok, err := confirm.WaitContext(ctx)
	if err == nil && !ok {
		err = errors.New("the broker did not take a message")
	}
	return err
}

// drainRabbitQueue consumes n messages and acknowledges them 32 at a time.
func drainRabbitQueue(ctx context.Context, url string, n int) (rate float64, err error) {
	var sources [readers]<-chan amqp.Delivery
	for i := range sources {
		conn, err := amqp.Dial(url)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		ch, err := conn.Channel()
		if err != nil {
			return 0, err
		}
		// Room for the next batch while one is acknowledged.
		if err := ch.Qos(2*readBatch, 0, false); err != nil {
			return 0, err
		}
		if sources[i], err = ch.Consume(rabbitQueue, fmt.Sprint(rabbitConsumerLabel, i), false, false, false, false, nil); err != nil {
			return 0, err
		}
	}
	return count(ctx, readers, n, func(ctx context.Context, reader int) (int, error) {
		for i := range readBatch {
			select {
			case d, ok := <-sources[reader]:
				if !ok {
					return 0, errors.New("the broker ended the consumer")
				}
				if i == readBatch-1 {
					return readBatch, d.Ack(true)
				}
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		return readBatch, nil
	})
}
