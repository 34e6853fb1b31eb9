-- To which installation a client's queue belongs, and which run of its agent is the active one. A
-- client without a row has no agent. Moments are UTC microseconds, 0 = never; names '' = none.

-- +goose Up
CREATE TABLE installation (
    client        text COLLATE "C" PRIMARY KEY REFERENCES client,
    installation  text NOT NULL,       -- '' = released: the next one to come gets it
    barred        text NOT NULL,       -- the one an administrator took it from
    bound_at      bigint NOT NULL,
    epoch         bigint NOT NULL,    -- raised whenever another run becomes the active one
    instance      text NOT NULL,       -- of the active run, like the next four
    run           text NOT NULL,       -- '' = none is active
    host          text NOT NULL,
    since         bigint NOT NULL,
    until         bigint NOT NULL,    -- when another may take over
    lease         bigint NOT NULL,    -- microseconds by which until is put off
    moves         bigint NOT NULL,    -- how far its database has moved on
    standby_host  text NOT NULL,       -- the last run that stood by
    standby_at    bigint NOT NULL,
    rival_run     text NOT NULL,       -- asked with the instance of the active run, which has not been heard of since
    rival_host    text NOT NULL,
    conflict_run  text NOT NULL,       -- a rival, after which the active run was heard of again
    conflict_host text NOT NULL,
    conflict_at   bigint NOT NULL,
    refused       text NOT NULL,       -- installation of the last that was refused
    refused_host  text NOT NULL,
    refused_code  text NOT NULL,
    refused_at    bigint NOT NULL
);

-- +goose Down
DROP TABLE installation;
