-- What people decide at the agent: a pause, windows, options of types, messages on hold, edited bodies, remote help; and
-- who did what.

-- +goose Up

ALTER TABLE GTOTVSLINKMESSAGE ADD COLUMN ONHOLD INTEGER NOT NULL DEFAULT 0;  -- 1: waits for a person's release
ALTER TABLE GTOTVSLINKMESSAGE ADD COLUMN EDITS INTEGER NOT NULL DEFAULT 0;  -- times a person has changed DATA

CREATE INDEX GTOTVSLINKMESSAGE_ONHOLD ON GTOTVSLINKMESSAGE (TYPEMESSAGE, SEQ) WHERE ONHOLD = 1;

-- One row: what holds for everything.
CREATE TABLE SMARTLINKDESK (
    ONE         INTEGER PRIMARY KEY CHECK (ONE = 1),
    CHANGES     INTEGER NOT NULL,  -- rises whenever this row, a window or a type's options change: who has read them looks at it
    PAUSEDON    TEXT NOT NULL,  -- '' = not paused
    PAUSEDBY    TEXT NOT NULL,
    PAUSEREASON TEXT NOT NULL,
    HELPUNTIL   TEXT NOT NULL,  -- remote help is on until then; '' = off
    HELPON      TEXT NOT NULL,
    HELPBY      TEXT NOT NULL
) STRICT;

INSERT INTO SMARTLINKDESK VALUES (1, 0, '', '', '', '', '', '');

-- Times at which nothing is executed.
CREATE TABLE SMARTLINKWINDOW (
    NAME         TEXT PRIMARY KEY,
    KIND         TEXT NOT NULL,  -- weekly, monthly, dates
    WEEKDAYS     TEXT NOT NULL,  -- of weekly ones: mon,tue
    BEGINS       TEXT NOT NULL,  -- in the agent's time zone; its form is the kind's
    ENDS         TEXT NOT NULL,
    RECCREATEDBY TEXT NOT NULL,
    RECCREATEDON TEXT NOT NULL
) STRICT;

-- What holds for one type of messages.
CREATE TABLE SMARTLINKTYPE (
    TYPEMESSAGE        TEXT PRIMARY KEY,
    HOLDNEXT           INTEGER NOT NULL,  -- so many more wait for a person's release when they come
    MINUTESINTERVAL    INTEGER NOT NULL,  -- retry figures; 0 = as for all types
    FATORTEMPOEXECUCAO INTEGER NOT NULL,
    QTDETENTATIVASEXEC INTEGER NOT NULL,
    NOANSWERS          INTEGER NOT NULL,  -- 1: outcomes are told to the hub only
    RECMODIFIEDBY      TEXT NOT NULL,
    RECMODIFIEDON      TEXT NOT NULL
) STRICT;

-- Bodies as they were before a person changed them.
CREATE TABLE SMARTLINKEDIT (
    IDMESSAGE    TEXT NOT NULL,
    NUMBER       INTEGER NOT NULL,
    REASON       TEXT NOT NULL,
    RECCREATEDBY TEXT NOT NULL,
    RECCREATEDON TEXT NOT NULL,
    DATA         ANY NOT NULL,
    PRIMARY KEY (IDMESSAGE, NUMBER)
) STRICT;

-- Who did what, the newest last.
CREATE TABLE SMARTLINKACTION (
    ID           INTEGER PRIMARY KEY,
    ACTION       TEXT NOT NULL,
    IDMESSAGE    TEXT NOT NULL,  -- '' = of no message
    SUBJECT      TEXT NOT NULL,  -- what else it is about: a type, a window
    REASON       TEXT NOT NULL,
    REQUEST      TEXT NOT NULL,  -- asked for by the hub's people; '' = not
    RESULT       TEXT NOT NULL,  -- of a request: done, failed, refused
    CODE         TEXT NOT NULL,  -- why it was not done, SL-…
    RECCREATEDBY TEXT NOT NULL,
    RECCREATEDON TEXT NOT NULL
) STRICT;

CREATE INDEX SMARTLINKACTION_MESSAGE ON SMARTLINKACTION (IDMESSAGE) WHERE IDMESSAGE <> '';
CREATE UNIQUE INDEX SMARTLINKACTION_REQUEST ON SMARTLINKACTION (REQUEST) WHERE REQUEST <> '';
