-- Work over many messages, known to every hub of a store. A job is some run's of a hub, which says every
-- moment that it goes on; one that says nothing any more is taken on by another. Moments are UTC
-- microseconds; names '' = none.

-- +goose Up
CREATE TABLE job (
    id         bytea PRIMARY KEY,
    kind       text NOT NULL,
    queue      text NOT NULL,
    tenant     bytea,                -- of erase; NULL: none
    list       text NOT NULL,
    type       text NOT NULL,
    rate       bigint NOT NULL,
    reason     text NOT NULL,
    by         text NOT NULL,
    state      text NOT NULL,
    started_at bigint NOT NULL,
    ended_at   bigint,
    total      bigint NOT NULL,
    done       bigint NOT NULL,
    skipped    bigint NOT NULL,
    code       text NOT NULL,
    error      text NOT NULL,
    run        text NOT NULL,        -- of the hub that works on it
    seen_at    bigint NOT NULL,     -- when that last said so; 0: it has let go
    cancelled  bigint NOT NULL      -- 1: a person wants its end
);

CREATE INDEX job_started ON job (started_at);

-- +goose Down
DROP TABLE job;
