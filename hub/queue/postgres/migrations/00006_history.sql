-- Messages that have ended move to partitions of the day (UTC) they ended on, which are dropped whole. The
-- tenant comes first in every key. Partitions are made when the first message of a day moves, and are
-- named by it: history_message_20240301.

-- +goose Up
-- Messages that stand in no queue. They are closed from their birth, and no list leads to them.
CREATE TABLE lone (
    tenant     uuid NOT NULL,
    id         uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE INDEX lone_created_at ON lone (created_at);

INSERT INTO lone SELECT tenant, id, created_at FROM message AS m
    WHERE NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.tenant = m.tenant AND d.id = m.id);

-- Messages whose content a person had erased.
CREATE TABLE erased (
    tenant uuid NOT NULL,
    id     uuid NOT NULL,
    at     timestamptz NOT NULL,
    by     text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- How many deliveries of a queue have left for the history, or were purged: with those in delivery they
-- add up to the queue's counts.
CREATE TABLE queue_past (
    tenant    uuid NOT NULL,
    qid       bigint NOT NULL,
    acked     bigint NOT NULL,
    discarded bigint NOT NULL,
    PRIMARY KEY (tenant, qid)
);

-- The days that have partitions.
CREATE TABLE history_day (
    day date PRIMARY KEY
);

CREATE TABLE history_message (
    tenant       uuid NOT NULL,
    id           uuid NOT NULL,
    day          date NOT NULL,
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
    headers      text NOT NULL,
    content_type text NOT NULL,
    body         bytea NOT NULL,
    search_keys  bytea,
    PRIMARY KEY (tenant, id, day)
) PARTITION BY RANGE (day);

CREATE INDEX history_message_business_key ON history_message (tenant, business_key, place) WHERE business_key <> '';
CREATE INDEX history_message_correlation ON history_message (tenant, correlation, place) WHERE correlation <> '';
CREATE INDEX history_message_root ON history_message (tenant, root, place) WHERE root <> id;

CREATE TABLE history_delivery (
    tenant        uuid NOT NULL,
    id            uuid NOT NULL,
    qid           bigint NOT NULL,
    day           date NOT NULL,
    pos           bigint NOT NULL,
    state         text COLLATE "C" NOT NULL,
    okey          text COLLATE "C" NOT NULL,
    size          integer NOT NULL,
    attempt       integer NOT NULL,
    requeue_count integer NOT NULL,
    lost_count    integer NOT NULL,
    due_at        timestamptz,
    settled_at    timestamptz,
    dead_reason   text NOT NULL,
    reason        text NOT NULL,
    holds         boolean NOT NULL,
    tag           bigint,
    leased_at     timestamptz,
    installation  text NOT NULL,
    PRIMARY KEY (tenant, id, qid, day)
) PARTITION BY RANGE (day);

CREATE INDEX history_delivery_pos ON history_delivery (tenant, qid, pos);

CREATE TABLE history_attempt (
    tenant       uuid NOT NULL,
    tag          bigint NOT NULL,
    id           uuid NOT NULL,
    qid          bigint NOT NULL,
    day          date NOT NULL,
    n            integer NOT NULL,
    installation text NOT NULL,
    leased_at    timestamptz NOT NULL,
    ended_at     timestamptz NOT NULL,
    ended        text NOT NULL,
    reason       text NOT NULL,
    next_try     timestamptz,
    PRIMARY KEY (tenant, tag, day)
) PARTITION BY RANGE (day);

CREATE INDEX history_attempt_message ON history_attempt (tenant, id);

CREATE TABLE history_event (
    tenant uuid NOT NULL,
    id     uuid NOT NULL,
    qid    bigint NOT NULL,
    n      bigint NOT NULL,
    day    date NOT NULL,
    at     timestamptz NOT NULL,
    name   text NOT NULL,
    by     text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (tenant, id, qid, n, day)
) PARTITION BY RANGE (day);

-- What is told after a message has moved stands in report and outcome until its day is dropped.
CREATE TABLE history_report (
    tenant      uuid NOT NULL,
    id          uuid NOT NULL,
    qid         bigint NOT NULL,
    seq         bigint NOT NULL,
    day         date NOT NULL,
    state       text NOT NULL,
    attempt     integer NOT NULL,
    at          timestamptz NOT NULL,
    next_try    timestamptz,
    code        text NOT NULL,
    reason      text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, id, qid, seq, day)
) PARTITION BY RANGE (day);

CREATE TABLE history_outcome (
    tenant uuid NOT NULL,
    id     uuid NOT NULL,
    qid    bigint NOT NULL,
    number bigint NOT NULL,
    day    date NOT NULL,
    status text NOT NULL,
    key    text NOT NULL,
    errors text NOT NULL,
    answer uuid NOT NULL,
    at     timestamptz NOT NULL,
    PRIMARY KEY (tenant, id, qid, number, day)
) PARTITION BY RANGE (day);

CREATE TABLE history_search (
    tenant uuid NOT NULL,
    key    bytea NOT NULL,
    place  bigint NOT NULL,
    id     uuid NOT NULL,
    day    date NOT NULL,
    PRIMARY KEY (tenant, key, place, day)
) PARTITION BY RANGE (day);

CREATE TABLE history_erased (
    tenant uuid NOT NULL,
    id     uuid NOT NULL,
    day    date NOT NULL,
    at     timestamptz NOT NULL,
    by     text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (tenant, id, day)
) PARTITION BY RANGE (day);

-- +goose Down
DROP TABLE history_erased;
DROP TABLE history_search;
DROP TABLE history_outcome;
DROP TABLE history_report;
DROP TABLE history_event;
DROP TABLE history_attempt;
DROP TABLE history_delivery;
DROP TABLE history_message;
DROP TABLE history_day;
DROP TABLE queue_past;
DROP TABLE erased;
DROP TABLE lone;
