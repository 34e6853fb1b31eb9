package main

import (
	"context"
	"errors"
	"sync"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// drainJetStream is less than the engine's: it is slower, and the rate is the same.
const drainJetStream = 6_000

// jetStream measures NATS JetStream, embedded in process as the engine is: a file store that syncs each
// message before it confirms.
func jetStream(ctx context.Context, s *stage, dir string) (values []float64, err error) {
	server, err := natsserver.NewServer(&natsserver.Options{
		ServerName: "bench", DontListen: true, NoSigs: true, NoLog: true, JetStream: true, StoreDir: dir, SyncAlways: true, DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, err
	}
	server.Start()
	defer func() { server.Shutdown(); server.WaitForShutdown() }()
	if !server.ReadyForConnections(30 * time.Second) {
		return nil, errors.New("the server did not start")
	}
	conn, err := nats.Connect("", nats.InProcessServer(server))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{
		Name: "BENCH", Subjects: []string{"bench"}, Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, Replicas: 1,
	})
	if err != nil {
		return nil, err
	}
	body := make([]byte, bodySize)
	publish := func(ctx context.Context, _ int) (int, error) {
		_, err := js.Publish(ctx, "bench", body)
		return 1, err
	}
	for _, n := range callers {
		rate, err := hammer(ctx, n, s.load(), publish)
		if err != nil {
			return nil, err
		}
		values = append(values, rate)
	}
	n := drainJetStream * s.times()
	if _, err := count(ctx, callers[len(callers)-1], n, publish); err != nil {
		return nil, err
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: "bench", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 10_000})
	if err != nil {
		return nil, err
	}
	rate, err := count(ctx, readers, n, func(ctx context.Context, _ int) (int, error) { return fetchAndAck(ctx, consumer) })
	return append(values, rate), err
}

// fetchAndAck takes a batch and waits until each acknowledgement is confirmed, as the hub's ack is.
func fetchAndAck(ctx context.Context, c jetstream.Consumer) (int, error) {
	batch, err := c.Fetch(readBatch, jetstream.FetchMaxWait(10*time.Second))
	if err != nil {
		return 0, err
	}
	n := 0
	var acks sync.WaitGroup
	failed := make(chan error, readBatch)
	for m := range batch.Messages() {
		n++
		acks.Go(func() {
			if err := m.DoubleAck(ctx); err != nil {
				failed <- err
			}
		})
	}
	acks.Wait()
	close(failed)
	if err := errors.Join(batch.Error(), <-failed); err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, errors.New("the stream is empty")
	}
	return n, nil
}
