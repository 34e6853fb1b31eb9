-- The agent's tables. The three GTOTVSLINK names, and their columns ID, TYPEMESSAGE, TYPEEVENT, DATA,
-- QTDETENTATIVAEXEC, DATATENTATIVAEXEC, ROUTERMESSAGE, CORRELATEDID, IDJOB, LOG… and REC…, are the
-- original's; the others are ours. Moments are UTC text of fixed width, so that they sort and can be
-- read by people; '' = none. UUIDs are text with dashes. Bodies are text where they are UTF-8.

-- +goose Up

-- That these tables are ours, and of which installation. Empty only when the first start was cut
-- short.
CREATE TABLE SMARTLINKMARKER (
    ONE              INTEGER PRIMARY KEY CHECK (ONE = 1),
    INSTALLATIONHASH TEXT NOT NULL,
    RECCREATEDON     TEXT NOT NULL
) STRICT;

-- What waits, runs, is blocked or was rejected. A finished message's row is deleted.
CREATE TABLE GTOTVSLINKMESSAGE (
    SEQ               INTEGER PRIMARY KEY,          -- arrival
    ID                TEXT NOT NULL,
    TYPEMESSAGE       TEXT NOT NULL,
    TYPEEVENT         TEXT NOT NULL,                -- Downstream: cloud to ERP; Upstream: ERP to cloud
    STATE             TEXT NOT NULL,                -- stored, running, waiting, blocked, rejected
    HELD              INTEGER NOT NULL DEFAULT 0,   -- 1: waits for an earlier one of its ordering key
    DATATENTATIVAEXEC TEXT NOT NULL DEFAULT '',     -- next try; '' = at once
    QTDETENTATIVAEXEC INTEGER NOT NULL DEFAULT 0,   -- attempts since it was stored or reprocessed
    EXECUTIONS        INTEGER NOT NULL DEFAULT 0,   -- attempts over its whole life: the number of the last one in GTOTVSLINKMESSAGEEXEC
    DEATHS            INTEGER NOT NULL DEFAULT 0,   -- times the agent died while executing it
    OUTCOMENUMBER     INTEGER NOT NULL DEFAULT 0,   -- of the last answer
    IDJOB             TEXT NOT NULL DEFAULT '',     -- the agent's run that has claimed it
    RUNNINGSINCE      TEXT NOT NULL DEFAULT '',
    STATECODE         TEXT NOT NULL DEFAULT '',     -- why it waits or is blocked, SL-…
    STATEREASON       TEXT NOT NULL DEFAULT '',
    ROUTERMESSAGE     TEXT NOT NULL DEFAULT '',     -- the door it came in by at the hub
    AUDIENCE          TEXT NOT NULL DEFAULT '',
    CORRELATEDID      TEXT NOT NULL DEFAULT '',
    ROOTID            TEXT NOT NULL DEFAULT '',
    TENANTID          TEXT NOT NULL DEFAULT '',
    BUSINESSKEY       TEXT NOT NULL DEFAULT '',
    ORDERINGKEY       TEXT NOT NULL DEFAULT '',
    SENDERAPP         TEXT NOT NULL DEFAULT '',     -- Upstream: the app it is sent as
    SENDERCLIENT      TEXT NOT NULL DEFAULT '',
    HEADERS           TEXT NOT NULL DEFAULT '',     -- JSON object; '' = none
    CONTENTTYPE       TEXT NOT NULL DEFAULT '',
    STATUSSEQ         INTEGER NOT NULL DEFAULT 0,   -- raised with every state the hub must know
    STATUSSENT        INTEGER NOT NULL DEFAULT 0,   -- the last one it knows
    SENTON            TEXT NOT NULL DEFAULT '',     -- when the sender sent it
    SENTBY            TEXT NOT NULL DEFAULT '',     -- the operator who made a copy
    RECCREATEDBY      TEXT NOT NULL,
    RECCREATEDON      TEXT NOT NULL,
    RECMODIFIEDBY     TEXT NOT NULL,
    RECMODIFIEDON     TEXT NOT NULL,
    DATA              ANY NOT NULL                  -- the whole body as received
) STRICT;

CREATE UNIQUE INDEX GTOTVSLINKMESSAGE_ID ON GTOTVSLINKMESSAGE (ID);

-- One index for choosing, counting and listing: every further one costs a page of the write-ahead
-- log in every claim and every execution.
CREATE INDEX GTOTVSLINKMESSAGE_STATE ON GTOTVSLINKMESSAGE (TYPEEVENT, STATE, HELD, DATATENTATIVAEXEC, SEQ);

-- Who holds whom within an ordering key: everything but the rejected.
CREATE INDEX GTOTVSLINKMESSAGE_KEY ON GTOTVSLINKMESSAGE (ORDERINGKEY, SEQ)
    WHERE ORDERINGKEY <> '' AND TYPEEVENT = 'Downstream' AND STATE <> 'rejected';

CREATE INDEX GTOTVSLINKMESSAGE_STATUS ON GTOTVSLINKMESSAGE (SEQ) WHERE STATUSSEQ <> STATUSSENT;

-- One row for each execution that counted as an attempt; stays when the message is gone.
CREATE TABLE GTOTVSLINKMESSAGEEXEC (
    IDMESSAGE         TEXT NOT NULL,
    ATTEMPT           INTEGER NOT NULL,             -- over the message's whole life
    QTDETENTATIVAEXEC INTEGER NOT NULL,             -- since it was stored or reprocessed
    TYPEMESSAGE       TEXT NOT NULL,
    IDJOB             TEXT NOT NULL,
    STARTEDON         TEXT NOT NULL,
    ENDEDON           TEXT NOT NULL,
    RESULT            TEXT NOT NULL,                -- done, duplicate, rejected, retry, blocked
    CODE              TEXT NOT NULL,
    REASON            TEXT NOT NULL,
    ERPKEY            TEXT NOT NULL,
    RECCREATEDBY      TEXT NOT NULL,
    RECCREATEDON      TEXT NOT NULL,
    PRIMARY KEY (IDMESSAGE, ATTEMPT)
) STRICT, WITHOUT ROWID;

-- What consumers and the agent have to say about a message.
CREATE TABLE GTOTVSLINKLOG (
    ID         INTEGER PRIMARY KEY,
    IDMESSAGE  TEXT NOT NULL,
    ATTEMPT    INTEGER NOT NULL,                    -- as in GTOTVSLINKMESSAGEEXEC
    LOGTYPE    TEXT NOT NULL,                       -- INFO, WARN, ERROR
    LOGMESSAGE TEXT NOT NULL,
    LOGDATE    TEXT NOT NULL,
    DATEDEBUG  TEXT NOT NULL                        -- the execution's one moment
) STRICT;

CREATE INDEX GTOTVSLINKLOG_MESSAGE ON GTOTVSLINKLOG (IDMESSAGE);

-- One row for each answered outcome. Never erased: it is what makes a second execution impossible.
CREATE TABLE SMARTLINKRESULT (
    IDMESSAGE       TEXT NOT NULL,
    OUTCOMENUMBER   INTEGER NOT NULL,
    OUTCOME         TEXT NOT NULL,                  -- done, duplicate, rejected, blocked, discarded
    TENANTID        TEXT NOT NULL,
    ROOTID          TEXT NOT NULL,
    SENDERAPP       TEXT NOT NULL,
    TYPEMESSAGE     TEXT NOT NULL,
    BUSINESSKEYHASH BLOB,                           -- SHA-256; NULL without a business key
    DATAHASH        BLOB NOT NULL,                  -- SHA-256 of the body
    ERPKEY          TEXT NOT NULL,
    ANSWERID        TEXT NOT NULL,
    ANSWER          TEXT NOT NULL,                  -- the answer's bytes as sent
    RECCREATEDBY    TEXT NOT NULL,
    RECCREATEDON    TEXT NOT NULL,
    PRIMARY KEY (IDMESSAGE, OUTCOMENUMBER)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX SMARTLINKRESULT_DONE_ID ON SMARTLINKRESULT (IDMESSAGE) WHERE OUTCOME = 'done';
CREATE UNIQUE INDEX SMARTLINKRESULT_DONE_ROOT ON SMARTLINKRESULT (ROOTID) WHERE OUTCOME = 'done';
CREATE UNIQUE INDEX SMARTLINKRESULT_DONE_KEY ON SMARTLINKRESULT (TENANTID, SENDERAPP, TYPEMESSAGE, BUSINESSKEYHASH)
    WHERE OUTCOME = 'done' AND BUSINESSKEYHASH IS NOT NULL;
