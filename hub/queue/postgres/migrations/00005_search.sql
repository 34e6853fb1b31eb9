-- Messages are found by values of their bodies.

-- +goose Up
-- One row for each key of a message; a key names a path and a value. The message has its keys too, so
-- that they go with it.
CREATE TABLE search (
    tenant uuid NOT NULL,
    key    bytea NOT NULL,
    place  bigint NOT NULL,
    id     uuid NOT NULL,
    PRIMARY KEY (tenant, key, place)
);

ALTER TABLE message ADD COLUMN search_keys bytea;   -- each with its length before it; NULL: none

-- +goose Down
ALTER TABLE message DROP COLUMN search_keys;
DROP TABLE search;
