-- Which run of the agent works on these tables, and what a further machine needs to join it.

-- +goose Up

-- One row. Every transaction of the agent looks at it first: only the run named here may write.
CREATE TABLE SMARTLINKACTIVE (
    ONE    SMALLINT PRIMARY KEY CHECK (ONE = 1),
    EPOCH  BIGINT NOT NULL,  -- of the hub's lease under which the run works; only rises
    RUNID  NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- the run; '' = none yet
    HOST   NVARCHAR(510) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- its machine, for people
    SINCE  NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    MOVES  BIGINT NOT NULL  -- rises while work is done: an older state of the database shows by it
);

INSERT INTO SMARTLINKACTIVE VALUES (1, 0, '', '', '', 0);

-- At most one row: the join code that was made last.
CREATE TABLE SMARTLINKJOIN (
    ONE       SMALLINT PRIMARY KEY CHECK (ONE = 1),
    SALT      VARBINARY(MAX) NOT NULL,
    SEALED    VARBINARY(MAX) NOT NULL,  -- what the code opens; empty once it was used up
    EXPIRESON NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL,
    FAILURES  INT NOT NULL,  -- wrong codes tried
    USEDON    NVARCHAR(27) COLLATE Latin1_General_100_BIN2 NOT NULL  -- '' = not yet
);
