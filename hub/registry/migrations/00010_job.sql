-- Work over many messages, known to every hub of a store. A job is some run's of a hub, which says every
-- moment that it goes on; one that says nothing any more is taken on by another. Moments are UTC
-- microseconds; names '' = none.

-- +goose Up
CREATE TABLE job (
    id         BLOB PRIMARY KEY,
    kind       TEXT NOT NULL,
    queue      TEXT NOT NULL,
    tenant     BLOB,                 -- of erase; NULL: none
    list       TEXT NOT NULL,
    type       TEXT NOT NULL,
    rate       INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    by         TEXT NOT NULL,
    state      TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    total      INTEGER NOT NULL,
    done       INTEGER NOT NULL,
    skipped    INTEGER NOT NULL,
    code       TEXT NOT NULL,
    error      TEXT NOT NULL,
    run        TEXT NOT NULL,        -- of the hub that works on it
    seen_at    INTEGER NOT NULL,     -- when that last said so; 0: it has let go
    cancelled  INTEGER NOT NULL      -- 1: a person wants its end
) STRICT, WITHOUT ROWID;

CREATE INDEX job_started ON job (started_at);

-- +goose Down
DROP TABLE job;
