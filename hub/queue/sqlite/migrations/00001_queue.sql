-- Queues, messages and their deliveries. Moments are UTC microseconds since 1970; UUIDs are 16 bytes.
-- Foreign keys are left out where every send or ack would pay for the check: a group is one
-- transaction, so a parent and its children are stored together or not at all.

-- +goose Up
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta VALUES ('epoch', 0), ('probe', 0);

-- The counts are kept with every change, so that showing a queue never counts its messages. A
-- leased delivery counts as ready: leases live in memory.
CREATE TABLE queue (
    qid          INTEGER PRIMARY KEY,
    tenant       BLOB NOT NULL,
    client       TEXT NOT NULL,
    requeue_max  INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    last_get     INTEGER NOT NULL DEFAULT 0,   -- 0: never
    installation TEXT NOT NULL DEFAULT '',
    ready        INTEGER NOT NULL DEFAULT 0,
    behind       INTEGER NOT NULL DEFAULT 0,
    delayed      INTEGER NOT NULL DEFAULT 0,
    acked        INTEGER NOT NULL DEFAULT 0,
    dead         INTEGER NOT NULL DEFAULT 0,
    discarded    INTEGER NOT NULL DEFAULT 0,
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
    id           BLOB NOT NULL,
    tenant       BLOB NOT NULL,
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
    headers      TEXT NOT NULL,                -- JSON object; '' = none
    content_type TEXT NOT NULL,
    body         BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX message_id ON message (id);

-- One row for each message and queue; pos is its place in the queue. A leased delivery stays
-- 'ready' here; its row in lease tells of it.
CREATE TABLE delivery (
    mid           INTEGER NOT NULL,
    qid           INTEGER NOT NULL,
    pos           INTEGER NOT NULL,
    state         TEXT NOT NULL,
    okey          TEXT,                        -- ordering key; NULL = unordered
    size          INTEGER NOT NULL,            -- of the body
    attempt       INTEGER NOT NULL DEFAULT 0,
    requeue_count INTEGER NOT NULL DEFAULT 0,
    lost_count    INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER,                     -- of a delayed one
    settled_at    INTEGER,
    dead_reason   TEXT,
    reason        TEXT,
    PRIMARY KEY (mid, qid)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_ready ON delivery (qid, pos) WHERE state = 'ready';
CREATE INDEX delivery_behind ON delivery (qid, okey, pos) WHERE state = 'behind';
CREATE INDEX delivery_delayed ON delivery (due_at) WHERE state = 'delayed';
CREATE INDEX delivery_dead ON delivery (qid, pos) WHERE state = 'dead';

-- How many deliveries of an ordering key are outstanding (ready, leased, delayed or behind).
CREATE TABLE ordering (
    qid  INTEGER NOT NULL,
    okey TEXT NOT NULL,
    n    INTEGER NOT NULL,
    PRIMARY KEY (qid, okey)
) STRICT, WITHOUT ROWID;

-- The open leases. What is left here when the store opens was cut off by a restart.
CREATE TABLE lease (
    tag          INTEGER PRIMARY KEY,
    mid          INTEGER NOT NULL,
    qid          INTEGER NOT NULL,
    n            INTEGER NOT NULL,
    installation TEXT NOT NULL,
    leased_at    INTEGER NOT NULL
) STRICT;

-- One row for each lease that has ended; n is its number, ended how, as an event of the trace.
CREATE TABLE attempt (
    mid          INTEGER NOT NULL,
    qid          INTEGER NOT NULL,
    tag          INTEGER NOT NULL,
    n            INTEGER NOT NULL,
    installation TEXT NOT NULL,
    leased_at    INTEGER NOT NULL,
    ended_at     INTEGER NOT NULL,
    ended        TEXT NOT NULL,
    reason       TEXT NOT NULL,
    next_try     INTEGER,
    PRIMARY KEY (mid, qid, tag)
) STRICT, WITHOUT ROWID;

-- What the ERP's side told of a delivery, and its answers.
CREATE TABLE report (
    mid         INTEGER NOT NULL,
    qid         INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    state       TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    next_try    INTEGER,
    code        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (mid, qid, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE outcome (
    mid    INTEGER NOT NULL,
    qid    INTEGER NOT NULL,
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    key    TEXT NOT NULL,
    errors TEXT NOT NULL,                      -- JSON array; '' = none
    answer BLOB NOT NULL,                      -- id of the answering message
    at     INTEGER NOT NULL,
    PRIMARY KEY (mid, qid, number)
) STRICT, WITHOUT ROWID;

-- Requests seen within the window, so that a repeat is recognised. n grows with time, so the oldest
-- are found without an index; key is a digest of tenant, client and the request's key.
CREATE TABLE dedupe (
    n    INTEGER PRIMARY KEY,
    key  BLOB NOT NULL,
    hash BLOB NOT NULL,
    id   BLOB NOT NULL,                        -- of the first message
    at   INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX dedupe_key ON dedupe (key);

-- The last health report of each installation, and its message where one was stored.
CREATE TABLE health (
    tenant       BLOB NOT NULL,
    client       TEXT NOT NULL,
    installation TEXT NOT NULL,
    at           INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body         BLOB NOT NULL,
    mid          INTEGER,
    PRIMARY KEY (tenant, client, installation)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE health;
DROP TABLE dedupe;
DROP TABLE outcome;
DROP TABLE report;
DROP TABLE attempt;
DROP TABLE lease;
DROP TABLE ordering;
DROP TABLE delivery;
DROP TABLE message;
DROP TABLE subscription;
DROP TABLE queue;
DROP TABLE meta;
