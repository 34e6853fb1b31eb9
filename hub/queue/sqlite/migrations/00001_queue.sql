-- Queues, messages and their deliveries. Moments are UTC microseconds since 1970; UUIDs are 16 bytes.

-- +goose Up
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta VALUES ('epoch', 0);

CREATE TABLE queue (
    qid         INTEGER PRIMARY KEY,
    tenant      BLOB NOT NULL,
    client      TEXT NOT NULL,
    requeue_max INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    last_get    INTEGER,
    installation TEXT NOT NULL DEFAULT '',
    UNIQUE (tenant, client)
) STRICT;

CREATE TABLE subscription (
    qid  INTEGER NOT NULL REFERENCES queue,
    type TEXT NOT NULL,
    PRIMARY KEY (qid, type)
) STRICT, WITHOUT ROWID;

-- One row for each message, whatever number of queues it stands in.
CREATE TABLE message (
    mid          INTEGER PRIMARY KEY,
    tenant       BLOB NOT NULL,
    id           BLOB NOT NULL,
    root         BLOB NOT NULL,
    type         TEXT NOT NULL,
    audience     TEXT NOT NULL,
    app          TEXT NOT NULL,
    client       TEXT NOT NULL,
    business_key TEXT NOT NULL,
    ordering_key TEXT NOT NULL,
    correlation  TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    headers      TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body         BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX message_id ON message (tenant, id);

-- One row for each message and queue; did is its place in the queue. A leased delivery stays
-- 'ready' here: leases live in memory, the open row in attempt tells of them.
CREATE TABLE delivery (
    did           INTEGER PRIMARY KEY,
    qid           INTEGER NOT NULL REFERENCES queue,
    mid           INTEGER NOT NULL REFERENCES message,
    state         TEXT NOT NULL,
    okey          TEXT,              -- ordering key; NULL = unordered
    attempt       INTEGER NOT NULL DEFAULT 0,
    requeue_count INTEGER NOT NULL DEFAULT 0,
    lost_count    INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER,           -- of a delayed one
    settled_at    INTEGER,
    dead_reason   TEXT,
    reason        TEXT
) STRICT;

CREATE INDEX delivery_message ON delivery (mid);
CREATE INDEX delivery_ready ON delivery (qid, did) WHERE state = 'ready';
CREATE INDEX delivery_behind ON delivery (qid, okey, did) WHERE state = 'behind';
CREATE INDEX delivery_delayed ON delivery (due_at) WHERE state = 'delayed';
CREATE INDEX delivery_dead ON delivery (qid, did) WHERE state = 'dead';

-- How many deliveries of an ordering key are outstanding (ready, leased, delayed or behind).
CREATE TABLE ordering (
    qid  INTEGER NOT NULL,
    okey TEXT NOT NULL,
    n    INTEGER NOT NULL,
    PRIMARY KEY (qid, okey)
) STRICT, WITHOUT ROWID;

-- One row for each time a delivery was handed out.
CREATE TABLE attempt (
    did          INTEGER NOT NULL,
    tag          INTEGER NOT NULL,
    n            INTEGER NOT NULL,
    installation TEXT NOT NULL,
    leased_at    INTEGER NOT NULL,
    until        INTEGER NOT NULL,
    ended_at     INTEGER,
    ended        TEXT,
    reason       TEXT,
    PRIMARY KEY (did, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempt_open ON attempt (did) WHERE ended_at IS NULL;

-- What the ERP's side told of a delivery, and its answers.
CREATE TABLE report (
    did      INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    state    TEXT NOT NULL,
    attempt  INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    next_try INTEGER,
    code     TEXT NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (did, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE outcome (
    did       INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    status    TEXT NOT NULL,
    key       TEXT NOT NULL,
    errors    TEXT NOT NULL,
    answer    BLOB NOT NULL,   -- id of the answering message
    at        INTEGER NOT NULL,
    PRIMARY KEY (did, number)
) STRICT, WITHOUT ROWID;

-- Requests seen within the window, so that a repeat is recognised.
CREATE TABLE dedupe (
    tenant  BLOB NOT NULL,
    client  TEXT NOT NULL,
    key     TEXT NOT NULL,
    hash    BLOB NOT NULL,
    message BLOB NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, client, key)
) STRICT, WITHOUT ROWID;

-- The last health report of each installation.
CREATE TABLE health (
    qid          INTEGER NOT NULL,
    installation TEXT NOT NULL,
    at           INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body         BLOB NOT NULL,
    PRIMARY KEY (qid, installation)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE health;
DROP TABLE dedupe;
DROP TABLE outcome;
DROP TABLE report;
DROP TABLE attempt;
DROP TABLE ordering;
DROP TABLE delivery;
DROP TABLE message;
DROP TABLE subscription;
DROP TABLE queue;
DROP TABLE meta;
