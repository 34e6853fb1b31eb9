-- To which installation a client's queue belongs, and which run of its agent is the active one. A
-- client without a row has no agent. Moments are UTC microseconds, 0 = never; names '' = none.

-- +goose Up
CREATE TABLE installation (
    client        TEXT PRIMARY KEY REFERENCES client,
    installation  TEXT NOT NULL,       -- '' = released: the next one to come gets it
    barred        TEXT NOT NULL,       -- the one an administrator took it from
    bound_at      INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,    -- raised whenever another run becomes the active one
    instance      TEXT NOT NULL,       -- of the active run, like the next four
    run           TEXT NOT NULL,       -- '' = none is active
    host          TEXT NOT NULL,
    since         INTEGER NOT NULL,
    until         INTEGER NOT NULL,    -- when another may take over
    lease         INTEGER NOT NULL,    -- microseconds by which until is put off
    moves         INTEGER NOT NULL,    -- how far its database has moved on
    standby_host  TEXT NOT NULL,       -- the last run that stood by
    standby_at    INTEGER NOT NULL,
    rival_run     TEXT NOT NULL,       -- asked with the instance of the active run, which has not been heard of since
    rival_host    TEXT NOT NULL,
    conflict_run  TEXT NOT NULL,       -- a rival, after which the active run was heard of again
    conflict_host TEXT NOT NULL,
    conflict_at   INTEGER NOT NULL,
    refused       TEXT NOT NULL,       -- installation of the last that was refused
    refused_host  TEXT NOT NULL,
    refused_code  TEXT NOT NULL,
    refused_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
