-- The agent's tables in SQL Server: the same as in SQLite. Moments are the same text of fixed width, bodies
-- are bytes. Text is compared by its code points, whatever the database's collation is; of keys each
-- character may take two places of an NVARCHAR.

-- +goose Up

-- That these tables are ours, and of which installation. Empty only when the first start was cut
-- short.
CREATE TABLE SMARTLINKMARKER (
    ONE              SMALLINT PRIMARY KEY CHECK (ONE = 1),
    INSTALLATIONHASH NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECCREATEDON     NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL
);

-- What waits, runs, is blocked or was rejected. A finished message's row is deleted.
CREATE TABLE GTOTVSLINKMESSAGE (
    SEQ               BIGINT IDENTITY(1, 1) PRIMARY KEY,  -- arrival
    ID                NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    TYPEMESSAGE       NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
    TYPEEVENT         NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- Downstream: cloud to ERP; Upstream: ERP to cloud
    STATE             NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- stored, running, waiting, blocked, rejected
    HELD              SMALLINT NOT NULL DEFAULT 0,  -- 1: waits for an earlier one of its ordering key
    DATATENTATIVAEXEC NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',  -- next try; '' = at once
    QTDETENTATIVAEXEC INT NOT NULL DEFAULT 0,  -- attempts since it was stored or reprocessed
    EXECUTIONS        INT NOT NULL DEFAULT 0,  -- attempts over its whole life: the number of the last one in GTOTVSLINKMESSAGEEXEC
    DEATHS            INT NOT NULL DEFAULT 0,  -- times the agent died while executing it
    OUTCOMENUMBER     INT NOT NULL DEFAULT 0,  -- of the last answer
    IDJOB             NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',  -- the agent's run that has claimed it
    RUNNINGSINCE      NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',
    STATECODE         NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',  -- why it waits or is blocked, SL-…
    STATEREASON       NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',
    ROUTERMESSAGE     NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',  -- the door it came in by at the hub
    AUDIENCE          NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',
    CORRELATEDID      NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',
    ROOTID            NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',
    TENANTID          NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',
    BUSINESSKEY       NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',
    ORDERINGKEY       NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',
    SENDERAPP         NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',  -- Upstream: the app it is sent as
    SENDERCLIENT      NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',
    HEADERS           NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',  -- JSON object; '' = none
    CONTENTTYPE       NVARCHAR(512) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',
    STATUSSEQ         BIGINT NOT NULL DEFAULT 0,  -- raised with every state the hub must know
    STATUSSENT        BIGINT NOT NULL DEFAULT 0,  -- the last one it knows
    SENTON            NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',  -- when the sender sent it
    SENTBY            NVARCHAR(510) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '',  -- the operator who made a copy
    RECCREATEDBY      NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECCREATEDON      NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECMODIFIEDBY     NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECMODIFIEDON     NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    DATA              VARBINARY(MAX) NOT NULL  -- the whole body as received
);

CREATE UNIQUE INDEX GTOTVSLINKMESSAGE_ID ON GTOTVSLINKMESSAGE (ID);

-- One index for choosing, counting and listing: every further one costs a page of the write-ahead
-- log in every claim and every execution.
CREATE INDEX GTOTVSLINKMESSAGE_STATE ON GTOTVSLINKMESSAGE (TYPEEVENT, STATE, HELD, DATATENTATIVAEXEC, SEQ);

-- Who holds whom within an ordering key: everything but the rejected.
CREATE INDEX GTOTVSLINKMESSAGE_KEY ON GTOTVSLINKMESSAGE (ORDERINGKEY, SEQ)
    WHERE ORDERINGKEY <> '' AND TYPEEVENT = 'Downstream' AND STATE <> 'rejected';

CREATE INDEX GTOTVSLINKMESSAGE_STATUS ON GTOTVSLINKMESSAGE (SEQ) INCLUDE (STATUSSEQ, STATUSSENT);

-- One row for each execution that counted as an attempt; stays when the message is gone.
CREATE TABLE GTOTVSLINKMESSAGEEXEC (
    IDMESSAGE         NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    ATTEMPT           INT NOT NULL,  -- over the message's whole life
    QTDETENTATIVAEXEC INT NOT NULL,  -- since it was stored or reprocessed
    TYPEMESSAGE       NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
    IDJOB             NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    STARTEDON         NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    ENDEDON           NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RESULT            NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- done, duplicate, rejected, retry, blocked
    CODE              NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    REASON            NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL,
    ERPKEY            NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECCREATEDBY      NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECCREATEDON      NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    PRIMARY KEY (IDMESSAGE, ATTEMPT)
);

-- What consumers and the agent have to say about a message.
CREATE TABLE GTOTVSLINKLOG (
    ID         BIGINT IDENTITY(1, 1) PRIMARY KEY,
    IDMESSAGE  NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    ATTEMPT    INT NOT NULL,  -- as in GTOTVSLINKMESSAGEEXEC
    LOGTYPE    NVARCHAR(10) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- INFO, WARN, ERROR
    LOGMESSAGE NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL,
    LOGDATE    NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    DATEDEBUG  NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL  -- the execution's one moment
);

CREATE INDEX GTOTVSLINKLOG_MESSAGE ON GTOTVSLINKLOG (IDMESSAGE);

-- One row for each answered outcome. Never erased: it is what makes a second execution impossible.
CREATE TABLE SMARTLINKRESULT (
    IDMESSAGE       NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    OUTCOMENUMBER   INT NOT NULL,
    OUTCOME         NVARCHAR(20) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- done, duplicate, rejected, blocked, discarded
    TENANTID        NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    ROOTID          NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    SENDERAPP       NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    TYPEMESSAGE     NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
    BUSINESSKEYHASH VARBINARY(32),  -- SHA-256; NULL without a business key
    DATAHASH        VARBINARY(32) NOT NULL,  -- SHA-256 of the body
    ERPKEY          NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL,
    ANSWERID        NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    ANSWER          NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- the answer's bytes as sent
    RECCREATEDBY    NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECCREATEDON    NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    PRIMARY KEY (IDMESSAGE, OUTCOMENUMBER)
);

CREATE UNIQUE INDEX SMARTLINKRESULT_DONE_ID ON SMARTLINKRESULT (IDMESSAGE) WHERE OUTCOME = 'done';
CREATE UNIQUE INDEX SMARTLINKRESULT_DONE_ROOT ON SMARTLINKRESULT (ROOTID) WHERE OUTCOME = 'done';
CREATE UNIQUE INDEX SMARTLINKRESULT_DONE_KEY ON SMARTLINKRESULT (TENANTID, SENDERAPP, TYPEMESSAGE, BUSINESSKEYHASH)
    WHERE OUTCOME = 'done' AND BUSINESSKEYHASH IS NOT NULL;
