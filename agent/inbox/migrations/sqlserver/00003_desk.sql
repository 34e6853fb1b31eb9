-- What people decide at the agent: a pause, windows, options of types, messages on hold, edited bodies, remote help; and
-- who did what.

-- +goose Up

ALTER TABLE GTOTVSLINKMESSAGE ADD ONHOLD SMALLINT NOT NULL DEFAULT 0;  -- 1: waits for a person's release
ALTER TABLE GTOTVSLINKMESSAGE ADD EDITS INT NOT NULL DEFAULT 0;  -- times a person has changed DATA

CREATE INDEX GTOTVSLINKMESSAGE_ONHOLD ON GTOTVSLINKMESSAGE (TYPEMESSAGE, SEQ) WHERE ONHOLD = 1;

-- One row: what holds for everything.
CREATE TABLE SMARTLINKDESK (
    ONE         SMALLINT PRIMARY KEY CHECK (ONE = 1),
    CHANGES     BIGINT NOT NULL,  -- rises whenever this row, a window or a type's options change: who has read them looks at it
    PAUSEDON    NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- '' = not paused
    PAUSEDBY    NVARCHAR(510) COLLATE Latin1_General_100_BIN2 NOT NULL,
    PAUSEREASON NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL,
    HELPUNTIL   NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- remote help is on until then; '' = off
    HELPON      NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    HELPBY      NVARCHAR(510) COLLATE Latin1_General_100_BIN2 NOT NULL
);

INSERT INTO SMARTLINKDESK VALUES (1, 0, '', '', '', '', '', '');

-- Times at which nothing is executed.
CREATE TABLE SMARTLINKWINDOW (
    NAME         NVARCHAR(200) COLLATE Latin1_General_100_BIN2 PRIMARY KEY,
    KIND         NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- weekly, monthly, dates
    WEEKDAYS     NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- of weekly ones: mon,tue
    BEGINS       NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- in the agent's time zone; its form is the kind's
    ENDS         NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECCREATEDBY NVARCHAR(510) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECCREATEDON NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL
);

-- What holds for one type of messages.
CREATE TABLE SMARTLINKTYPE (
    TYPEMESSAGE        NVARCHAR(256) COLLATE Latin1_General_100_BIN2 PRIMARY KEY,
    HOLDNEXT           INT NOT NULL,  -- so many more wait for a person's release when they come
    MINUTESINTERVAL    INT NOT NULL,  -- retry figures; 0 = as for all types
    FATORTEMPOEXECUCAO INT NOT NULL,
    QTDETENTATIVASEXEC INT NOT NULL,
    NOANSWERS          SMALLINT NOT NULL,  -- 1: outcomes are told to the hub only
    RECMODIFIEDBY      NVARCHAR(510) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECMODIFIEDON      NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL
);

-- Bodies as they were before a person changed them.
CREATE TABLE SMARTLINKEDIT (
    IDMESSAGE    NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,
    NUMBER       INT NOT NULL,
    REASON       NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECCREATEDBY NVARCHAR(510) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECCREATEDON NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    DATA         VARBINARY(MAX) NOT NULL,
    PRIMARY KEY (IDMESSAGE, NUMBER)
);

-- Who did what, the newest last.
CREATE TABLE SMARTLINKACTION (
    ID           BIGINT IDENTITY(1, 1) PRIMARY KEY,
    ACTION       NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    IDMESSAGE    NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- '' = of no message
    SUBJECT      NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- what else it is about: a type, a window
    REASON       NVARCHAR(MAX) COLLATE Latin1_General_100_BIN2 NOT NULL,
    REQUEST      NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- asked for by the hub's people; '' = not
    RESULT       NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- of a request: done, failed, refused
    CODE         NVARCHAR(64) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- why it was not done, SL-…
    RECCREATEDBY NVARCHAR(510) COLLATE Latin1_General_100_BIN2 NOT NULL,
    RECCREATEDON NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL
);

CREATE INDEX SMARTLINKACTION_MESSAGE ON SMARTLINKACTION (IDMESSAGE) WHERE IDMESSAGE <> '';
CREATE UNIQUE INDEX SMARTLINKACTION_REQUEST ON SMARTLINKACTION (REQUEST) WHERE REQUEST <> '';
