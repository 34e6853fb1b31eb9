-- A queue.db as migration 00004 left it, never to be changed: it proves that old data folders open.
PRAGMA foreign_keys=OFF;

CREATE TABLE queue_schema (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO queue_schema VALUES(1,0,1,'2026-11-25 14:54:40');
INSERT INTO queue_schema VALUES(2,1,1,'2026-11-25 14:54:40');
INSERT INTO queue_schema VALUES(3,2,1,'2026-11-25 14:54:40');
INSERT INTO queue_schema VALUES(4,3,1,'2026-11-25 14:54:40');
INSERT INTO queue_schema VALUES(5,4,1,'2026-11-25 14:54:40');
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('epoch',1);
INSERT INTO meta VALUES('place',0);
INSERT INTO meta VALUES('probe',0);
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
    discarded    INTEGER NOT NULL DEFAULT 0, hold INTEGER NOT NULL DEFAULT 0, paused_at INTEGER NOT NULL DEFAULT 0, paused_reason TEXT NOT NULL DEFAULT '', paused_by TEXT NOT NULL DEFAULT '',
    UNIQUE (tenant, client)
) STRICT;
INSERT INTO queue VALUES(1,X'b991502e6faa4e3aaaf4967c4fe2a196','ffffffffffffffffffffffffffffffff',3,1709294400000000,1709294400000000,'',1,0,0,3,1,0,0,0,'','');
CREATE TABLE subscription (
    qid  INTEGER NOT NULL REFERENCES queue,
    type TEXT NOT NULL,
    PRIMARY KEY (qid, type)
) STRICT, WITHOUT ROWID;
INSERT INTO subscription VALUES(1,'A');
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
INSERT INTO message VALUES(1,X'018df9e0000070008000000000000000',X'b991502e6faa4e3aaaf4967c4fe2a196',X'018df9e0000070008000000000000000','A','LinkProxy','GESPLAN','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','b','','',1709294400000000,'','','text/plain',X'626f64792030');
INSERT INTO message VALUES(2,X'018df9e0000070008000000000000001',X'b991502e6faa4e3aaaf4967c4fe2a196',X'018df9e0000070008000000000000001','A','LinkProxy','GESPLAN','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','b','','',1709294400000000,'','','text/plain',X'626f64792031');
INSERT INTO message VALUES(3,X'018df9e0000070008000000000000002',X'b991502e6faa4e3aaaf4967c4fe2a196',X'018df9e0000070008000000000000002','A','LinkProxy','GESPLAN','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','b','','',1709294400000000,'','','text/plain',X'626f64792032');
INSERT INTO message VALUES(4,X'018df9e0000070008000000000000003',X'b991502e6faa4e3aaaf4967c4fe2a196',X'018df9e0000070008000000000000003','A','LinkProxy','GESPLAN','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','b','','',1709294400000000,'','','text/plain',X'626f64792033');
INSERT INTO message VALUES(5,X'018df9e0000070008000000000000004',X'b991502e6faa4e3aaaf4967c4fe2a196',X'018df9e0000070008000000000000004','A','LinkProxy','GESPLAN','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','b','','',1709294400000000,'','','text/plain',X'626f64792034');
INSERT INTO message VALUES(6,X'018df9e0000070008000000000000005',X'b991502e6faa4e3aaaf4967c4fe2a196',X'018df9e0000070008000000000000005','B','LinkProxy','GESPLAN','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','b','','',1709294400000000,'','','text/plain',X'626f64792035');
INSERT INTO message VALUES(7,X'018df9e0000070008000000000000009',X'b991502e6faa4e3aaaf4967c4fe2a196',X'018df9e0000070008000000000000009','AResponse','LinkProxy','RM','ffffffffffffffffffffffffffffffff','','','',1709294400000000,'','','text/plain',X'616e73776572');
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
    reason        TEXT, holds INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (mid, qid)
) STRICT, WITHOUT ROWID;
INSERT INTO delivery VALUES(1,1,1,'acked',NULL,6,1,0,0,NULL,1709294400000000,NULL,NULL,0);
INSERT INTO delivery VALUES(2,1,2,'acked',NULL,6,1,0,0,NULL,1709294400000000,NULL,NULL,0);
INSERT INTO delivery VALUES(3,1,3,'acked',NULL,6,1,0,0,NULL,1709294400000000,NULL,NULL,0);
INSERT INTO delivery VALUES(4,1,4,'dead',NULL,6,1,0,0,NULL,1709294400000000,'receiver','',0);
INSERT INTO delivery VALUES(5,1,5,'ready',NULL,6,0,0,0,NULL,NULL,NULL,NULL,0);
CREATE TABLE ordering (
    qid  INTEGER NOT NULL,
    okey TEXT NOT NULL,
    n    INTEGER NOT NULL,
    PRIMARY KEY (qid, okey)
) STRICT, WITHOUT ROWID;
CREATE TABLE lease (
    tag          INTEGER PRIMARY KEY,
    mid          INTEGER NOT NULL,
    qid          INTEGER NOT NULL,
    n            INTEGER NOT NULL,
    installation TEXT NOT NULL,
    leased_at    INTEGER NOT NULL
) STRICT;
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
INSERT INTO attempt VALUES(1,1,4294967297,1,'',1709294400000000,1709294400000000,'acknowledged','',NULL);
INSERT INTO attempt VALUES(2,1,4294967298,1,'inst',1709294400000000,1709294400000000,'acknowledged','',NULL);
INSERT INTO attempt VALUES(3,1,4294967299,1,'inst',1709294400000000,1709294400000000,'acknowledged','',NULL);
INSERT INTO attempt VALUES(4,1,4294967300,1,'',1709294400000000,1709294400000000,'dead-lettered','receiver',NULL);
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
INSERT INTO outcome VALUES(3,1,1,'done','1;4711','',X'018df9e0000070008000000000000009',1709294400000000);
CREATE TABLE dedupe (
    n    INTEGER PRIMARY KEY,
    key  BLOB NOT NULL,
    hash BLOB NOT NULL,
    id   BLOB NOT NULL,                        -- of the first message
    at   INTEGER NOT NULL
) STRICT;
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
CREATE TABLE event (
    mid    INTEGER NOT NULL,
    qid    INTEGER NOT NULL,
    n      INTEGER NOT NULL,                   -- counts up
    at     INTEGER NOT NULL,
    name   TEXT NOT NULL,
    by     TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (mid, qid, n)
) STRICT, WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('queue_schema',5);
CREATE UNIQUE INDEX message_id ON message (id);
CREATE INDEX delivery_ready ON delivery (qid, pos) WHERE state = 'ready';
CREATE INDEX delivery_behind ON delivery (qid, okey, pos) WHERE state = 'behind';
CREATE INDEX delivery_delayed ON delivery (due_at) WHERE state = 'delayed';
CREATE INDEX delivery_dead ON delivery (qid, pos) WHERE state = 'dead';
CREATE UNIQUE INDEX dedupe_key ON dedupe (key);
CREATE INDEX delivery_behind_pos ON delivery (qid, pos) WHERE state = 'behind';
CREATE INDEX delivery_delayed_pos ON delivery (qid, pos) WHERE state = 'delayed';
CREATE INDEX delivery_history ON delivery (qid, pos) WHERE state IN ('acked', 'discarded');
CREATE INDEX delivery_holds ON delivery (qid, pos) WHERE holds = 1;
CREATE INDEX message_business_key ON message (tenant, business_key, mid) WHERE business_key <> '';
CREATE INDEX message_correlation ON message (tenant, correlation, mid) WHERE correlation <> '';
CREATE INDEX message_root ON message (tenant, root, mid) WHERE root <> id;

