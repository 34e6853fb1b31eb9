-- Queues, messages and their deliveries, shared by any number of hubs. The tenant comes first in every
-- primary key, so that the tables can be distributed by it. Foreign keys are left out where every send
-- or ack would pay for the check: a group is one transaction, so a parent and its children are stored
-- together or not at all.

-- +goose Up
CREATE TABLE meta (
    name  text PRIMARY KEY,
    value bigint NOT NULL
);

INSERT INTO meta VALUES ('epoch', 0), ('probe', 0);

CREATE SEQUENCE queue_number;
CREATE SEQUENCE place;                             -- of messages in queues, one sequence for all

CREATE TABLE queue (
    tenant        uuid NOT NULL,
    qid           bigint NOT NULL,
    client        text COLLATE "C" NOT NULL,
    requeue_max   integer NOT NULL,
    hold          boolean NOT NULL DEFAULT false,  -- a dead letter stops its ordering key
    paused_at     timestamptz,                     -- NULL: not paused
    paused_reason text NOT NULL DEFAULT '',
    paused_by     text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant, qid),
    UNIQUE (tenant, client)
);

-- The counts are kept with every change, so that showing a queue never counts its messages. A queue's
-- counts are the sum of its slots; each hub writes one slot, so that hubs do not wait for each other.
CREATE TABLE queue_count (
    tenant       uuid NOT NULL,
    qid          bigint NOT NULL,
    slot         smallint NOT NULL,
    ready        bigint NOT NULL DEFAULT 0,
    leased       bigint NOT NULL DEFAULT 0,
    behind       bigint NOT NULL DEFAULT 0,
    delayed      bigint NOT NULL DEFAULT 0,
    acked        bigint NOT NULL DEFAULT 0,
    dead         bigint NOT NULL DEFAULT 0,
    discarded    bigint NOT NULL DEFAULT 0,
    last_get     timestamptz,                      -- NULL: never by this slot
    installation text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, qid, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE subscription (
    tenant uuid NOT NULL,
    type   text COLLATE "C" NOT NULL,
    qid    bigint NOT NULL,
    PRIMARY KEY (tenant, type, qid)
);

-- One row for each message, whatever number of queues it stands in.
CREATE TABLE message (
    tenant       uuid NOT NULL,
    id           uuid NOT NULL,
    place        bigint NOT NULL,
    root         uuid NOT NULL,
    type         text COLLATE "C" NOT NULL,
    audience     text COLLATE "C" NOT NULL,
    app          text COLLATE "C" NOT NULL,
    client       text COLLATE "C" NOT NULL,
    business_key text COLLATE "C" NOT NULL,
    ordering_key text COLLATE "C" NOT NULL,
    correlation  text COLLATE "C" NOT NULL,
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,
    headers      text NOT NULL,                    -- JSON object; '' = none
    content_type text NOT NULL,
    body         bytea NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE INDEX message_business_key ON message (tenant, business_key, place) WHERE business_key <> '';
CREATE INDEX message_correlation ON message (tenant, correlation, place) WHERE correlation <> '';
CREATE INDEX message_root ON message (tenant, root, place) WHERE root <> id;

-- One row for each message and queue; pos is its place in the queue. shard is a part of the tenant's
-- hash: each lane of a hub ends the leases and delays of its shards.
CREATE TABLE delivery (
    tenant        uuid NOT NULL,
    id            uuid NOT NULL,
    qid           bigint NOT NULL,
    shard         smallint NOT NULL,
    pos           bigint NOT NULL,
    state         text COLLATE "C" NOT NULL,
    okey          text COLLATE "C" NOT NULL,       -- ordering key; '' = unordered
    size          integer NOT NULL,                -- of the body
    attempt       integer NOT NULL,                -- leases that ended and counted
    requeue_count integer NOT NULL,
    lost_count    integer NOT NULL,
    due_at        timestamptz,                     -- end of the lease or of the delay
    settled_at    timestamptz,
    dead_reason   text NOT NULL,
    reason        text NOT NULL,
    holds         boolean NOT NULL,                -- a dead letter that stops its key
    tag           bigint,                          -- of the open lease
    leased_at     timestamptz,
    installation  text NOT NULL,                   -- who holds the lease
    PRIMARY KEY (tenant, id, qid)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

CREATE INDEX delivery_ready ON delivery (tenant, qid, pos) WHERE state = 'ready';
CREATE INDEX delivery_behind ON delivery (tenant, qid, okey, pos) WHERE state = 'behind';
CREATE INDEX delivery_waiting ON delivery (tenant, qid, pos) WHERE state IN ('leased', 'behind', 'delayed');
CREATE INDEX delivery_dead ON delivery (tenant, qid, pos) WHERE state = 'dead';
CREATE INDEX delivery_history ON delivery (tenant, qid, pos) WHERE state IN ('acked', 'discarded');
CREATE INDEX delivery_holds ON delivery (tenant, qid, pos) WHERE holds;
CREATE UNIQUE INDEX delivery_tag ON delivery (tenant, tag) WHERE tag IS NOT NULL;
CREATE INDEX delivery_due ON delivery (shard, due_at) WHERE due_at IS NOT NULL;

-- How many deliveries of an ordering key are outstanding (ready, leased, delayed, behind, or dead and
-- holding). Whoever changes one of them holds this row's lock.
CREATE TABLE ordering (
    tenant uuid NOT NULL,
    qid    bigint NOT NULL,
    okey   text COLLATE "C" NOT NULL,
    n      bigint NOT NULL,
    PRIMARY KEY (tenant, qid, okey)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

-- One row for each lease that has ended; n is its number, ended how, as an event of the trace.
CREATE TABLE attempt (
    tenant       uuid NOT NULL,
    tag          bigint NOT NULL,
    id           uuid NOT NULL,
    qid          bigint NOT NULL,
    n            integer NOT NULL,
    installation text NOT NULL,
    leased_at    timestamptz NOT NULL,
    ended_at     timestamptz NOT NULL,
    ended        text NOT NULL,
    reason       text NOT NULL,
    next_try     timestamptz,
    PRIMARY KEY (tenant, tag)
);

CREATE INDEX attempt_message ON attempt (tenant, id);

-- What was done to a delivery by a person; name is an event of the trace.
CREATE TABLE event (
    tenant uuid NOT NULL,
    id     uuid NOT NULL,
    qid    bigint NOT NULL,
    n      bigint GENERATED ALWAYS AS IDENTITY,
    at     timestamptz NOT NULL,
    name   text NOT NULL,
    by     text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (tenant, id, qid, n)
);

-- What the ERP's side told of a delivery, and its answers.
CREATE TABLE report (
    tenant      uuid NOT NULL,
    id          uuid NOT NULL,
    qid         bigint NOT NULL,
    seq         bigint NOT NULL,
    state       text NOT NULL,
    attempt     integer NOT NULL,
    at          timestamptz NOT NULL,
    next_try    timestamptz,
    code        text NOT NULL,
    reason      text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, id, qid, seq)
);

CREATE TABLE outcome (
    tenant uuid NOT NULL,
    id     uuid NOT NULL,
    qid    bigint NOT NULL,
    number bigint NOT NULL,
    status text NOT NULL,
    key    text NOT NULL,
    errors text NOT NULL,                          -- JSON array; '' = none
    answer uuid NOT NULL,                          -- id of the answering message
    at     timestamptz NOT NULL,
    PRIMARY KEY (tenant, id, qid, number)
);

-- Requests seen within the window, so that a repeat is recognised; key is a digest of client and the
-- request's key.
CREATE TABLE dedupe (
    tenant uuid NOT NULL,
    key    uuid NOT NULL,
    hash   bytea NOT NULL,
    id     uuid NOT NULL,                          -- of the first message
    at     timestamptz NOT NULL,
    PRIMARY KEY (tenant, key)
);

CREATE INDEX dedupe_at ON dedupe (at);

-- The last health report of each installation, and its message where one was stored.
CREATE TABLE health (
    tenant       uuid NOT NULL,
    client       text COLLATE "C" NOT NULL,
    installation text COLLATE "C" NOT NULL,
    at           timestamptz,                      -- NULL: its first report is being stored
    content_type text NOT NULL DEFAULT '',
    body         bytea NOT NULL DEFAULT '',
    message      uuid,
    PRIMARY KEY (tenant, client, installation)
);

-- +goose Down
DROP TABLE health;
DROP TABLE dedupe;
DROP TABLE outcome;
DROP TABLE report;
DROP TABLE event;
DROP TABLE attempt;
DROP TABLE ordering;
DROP TABLE delivery;
DROP TABLE message;
DROP TABLE subscription;
DROP TABLE queue_count;
DROP TABLE queue;
DROP SEQUENCE place;
DROP SEQUENCE queue_number;
DROP TABLE meta;
