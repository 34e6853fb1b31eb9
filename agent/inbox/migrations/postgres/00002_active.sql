-- Which run of the agent works on these tables, and what a further machine needs to join it.

-- +goose Up

-- One row. Every transaction of the agent looks at it first: only the run named here may write.
CREATE TABLE SMARTLINKACTIVE (
    ONE    SMALLINT PRIMARY KEY CHECK (ONE = 1),
    EPOCH  BIGINT NOT NULL,  -- of the hub's lease under which the run works; only rises
    RUNID  TEXT COLLATE "C" NOT NULL,  -- the run; '' = none yet
    HOST   TEXT COLLATE "C" NOT NULL,  -- its machine, for people
    SINCE  TEXT COLLATE "C" NOT NULL,
    MOVES  BIGINT NOT NULL  -- rises while work is done: an older state of the database shows by it
);

INSERT INTO SMARTLINKACTIVE VALUES (1, 0, '', '', '', 0);

-- At most one row: the join code that was made last.
CREATE TABLE SMARTLINKJOIN (
    ONE       SMALLINT PRIMARY KEY CHECK (ONE = 1),
    SALT      BYTEA NOT NULL,
    SEALED    BYTEA NOT NULL,  -- what the code opens; empty once it was used up
    EXPIRESON TEXT COLLATE "C" NOT NULL,
    FAILURES  INTEGER NOT NULL,  -- wrong codes tried
    USEDON    TEXT COLLATE "C" NOT NULL  -- '' = not yet
);
