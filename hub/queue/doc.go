// Package queue is the engine: it keeps messages in queues until they are acknowledged, and tells
// where each one is and why.
//
// What it promises:
//
//   - Publish is durable when it returns, one delivery per matching queue, all in one transaction.
//     A business outcome (nobody hears it, a repeat, a conflicting repeat) changes nothing.
//   - Per queue, first in first out of what is ready. Of one ordering key at most one message is
//     leased, also within one Get; later ones stand in state behind until the earlier is settled.
//     A retry or requeue delay makes later ones wait; an acknowledged or dead one lets them go on.
//   - A lease is exclusive until its end by the store's clock. Its tag names that one delivery;
//     settling with a tag whose lease has ended is an error and changes nothing, also after a
//     restart: a tag's upper part is an epoch that every opening raises durably.
//   - Delivery is at least once. A message leaves its queue only by ack, discard, or to the dead
//     letters; nothing else loses it.
//   - requeueCount counts failed deliveries only; past the queue's limit the message is dead with
//     reason requeue-limit. lostCount counts leases that ended unsettled, with the limit
//     link.LostMax and reason lease-lost-limit. Leases open when the store closes count in attempt
//     only and are told as hub-restarted; in a store that several hubs share they stay open.
//   - Only people redrive and discard. A redriven dead letter joins at the end with its id and time,
//     its counts at zero, its attempts going on; where it held its ordering key, at its old place.
//   - A repeat within the dedupe window answers the first id and stores nothing.
//
// The Engine groups operations so that one fsync serves many callers; this stands once, above the
// drivers. A Driver is one store; package queuetest holds what every driver must pass.
package queue
