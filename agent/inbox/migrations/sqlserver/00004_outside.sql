-- Consumers outside of this database: their messages wait apart, and each call is written down before it
-- is made.

-- +goose Up

-- '' = executed inside; otherwise the type, which an outside consumer executes. A slow or absent one holds
-- nobody else up, whatever waits for it.
ALTER TABLE GTOTVSLINKMESSAGE ADD OUTSIDE NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '';

DROP INDEX GTOTVSLINKMESSAGE_STATE ON GTOTVSLINKMESSAGE;

-- One index for choosing, counting and listing, as before.
CREATE INDEX GTOTVSLINKMESSAGE_STATE ON GTOTVSLINKMESSAGE (TYPEEVENT, STATE, HELD, OUTSIDE, DATATENTATIVAEXEC, SEQ);

-- One row for each business fact that an outside consumer was called for.
CREATE TABLE SMARTLINKINTENT (
    MARKER      NVARCHAR(32) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,  -- 32 hexadecimal digits
    IDMESSAGE   NVARCHAR(36) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- the message it was called for last
    TYPEMESSAGE NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
    PENDING     SMALLINT NOT NULL,  -- 1: what the last call came to is not known
    CALLS       INT NOT NULL,
    FIRSTCALL   NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- when it began
    LASTCALL    NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL
);

CREATE INDEX SMARTLINKINTENT_LAST ON SMARTLINKINTENT (LASTCALL);
