-- The messages that were closed on one day (UTC), with all that belongs to them. The tables and indexes
-- that are read are those of queue.db, so that one statement reads both.

-- +goose Up
CREATE TABLE queue (
    qid    INTEGER PRIMARY KEY,
    tenant BLOB NOT NULL,
    client TEXT NOT NULL
) STRICT;

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
    headers      TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body         BLOB NOT NULL,
    search_keys  BLOB
) STRICT;

CREATE TABLE search (
    tenant BLOB NOT NULL,
    key    BLOB NOT NULL,
    mid    INTEGER NOT NULL,
    PRIMARY KEY (tenant, key, mid)
) STRICT, WITHOUT ROWID;

-- The tenant comes first: its messages are found by it when their time is over.
CREATE UNIQUE INDEX message_id ON message (tenant, id);
CREATE INDEX message_business_key ON message (tenant, business_key, mid) WHERE business_key <> '';
CREATE INDEX message_correlation ON message (tenant, correlation, mid) WHERE correlation <> '';
CREATE INDEX message_root ON message (tenant, root, mid) WHERE root <> id;

CREATE TABLE delivery (
    mid           INTEGER NOT NULL,
    qid           INTEGER NOT NULL,
    pos           INTEGER NOT NULL,
    state         TEXT NOT NULL,
    okey          TEXT,
    size          INTEGER NOT NULL,
    attempt       INTEGER NOT NULL,
    requeue_count INTEGER NOT NULL,
    lost_count    INTEGER NOT NULL,
    due_at        INTEGER,
    settled_at    INTEGER,
    dead_reason   TEXT,
    reason        TEXT,
    PRIMARY KEY (mid, qid)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_history ON delivery (qid, pos) WHERE state IN ('acked', 'discarded');

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

CREATE TABLE event (
    mid    INTEGER NOT NULL,
    qid    INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    name   TEXT NOT NULL,
    by     TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (mid, qid, n)
) STRICT, WITHOUT ROWID;

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
    errors TEXT NOT NULL,
    answer BLOB NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (mid, qid, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased (
    mid    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    by     TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE erased;
DROP TABLE outcome;
DROP TABLE report;
DROP TABLE event;
DROP TABLE attempt;
DROP TABLE delivery;
DROP TABLE search;
DROP TABLE message;
DROP TABLE queue;
