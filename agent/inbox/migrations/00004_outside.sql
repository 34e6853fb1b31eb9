-- Consumers outside of this database: their messages wait apart, and each call is written down before it
-- is made.

-- +goose Up

-- '' = executed inside; otherwise the type, which an outside consumer executes. A slow or absent one holds
-- nobody else up, whatever waits for it.
ALTER TABLE GTOTVSLINKMESSAGE ADD COLUMN OUTSIDE TEXT NOT NULL DEFAULT '';

DROP INDEX GTOTVSLINKMESSAGE_STATE;

-- One index for choosing, counting and listing, as before.
CREATE INDEX GTOTVSLINKMESSAGE_STATE ON GTOTVSLINKMESSAGE (TYPEEVENT, STATE, HELD, OUTSIDE, DATATENTATIVAEXEC, SEQ);

-- One row for each business fact that an outside consumer was called for.
CREATE TABLE SMARTLINKINTENT (
    MARKER      TEXT NOT NULL PRIMARY KEY,  -- 32 hexadecimal digits
    IDMESSAGE   TEXT NOT NULL,  -- the message it was called for last
    TYPEMESSAGE TEXT NOT NULL,
    PENDING     INTEGER NOT NULL,  -- 1: what the last call came to is not known
    CALLS       INTEGER NOT NULL,
    FIRSTCALL   TEXT NOT NULL,  -- when it began
    LASTCALL    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX SMARTLINKINTENT_LAST ON SMARTLINKINTENT (LASTCALL);
