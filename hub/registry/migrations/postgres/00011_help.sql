-- Remote help: until when an installation takes requests of the hub's people, and what they asked for. Moments
-- are UTC microseconds, 0 = never.

-- +goose Up
ALTER TABLE installation ADD COLUMN help_until bigint NOT NULL DEFAULT 0;

CREATE TABLE help (
    id       text COLLATE "C" PRIMARY KEY,
    client   text COLLATE "C" NOT NULL REFERENCES client,
    message  text COLLATE "C" NOT NULL,
    action   text NOT NULL,
    reason   text NOT NULL,
    asked_by text NOT NULL,
    asked_at bigint NOT NULL,
    result   text NOT NULL,  -- '' = not answered yet
    code     text NOT NULL,
    detail   text NOT NULL,
    done_at  bigint NOT NULL
);

CREATE INDEX help_open ON help (client, asked_at) WHERE result = '';
CREATE INDEX help_message ON help (message);

-- +goose Down
DROP TABLE help;
ALTER TABLE installation DROP COLUMN help_until;
