-- Messages are found by values of their bodies, and a tenant's are walked from the newest.

-- +goose Up
-- One row for each key of a message; a key names a path and a value. The message has its keys too, so
-- that they go with it.
CREATE TABLE search (
    tenant BLOB NOT NULL,
    key    BLOB NOT NULL,
    mid    INTEGER NOT NULL,
    PRIMARY KEY (tenant, key, mid)
) STRICT, WITHOUT ROWID;

ALTER TABLE message ADD COLUMN search_keys BLOB;   -- each with its length before it; NULL: none

-- Ids grow with time, so a tenant's messages stand in it in the order they were made.
DROP INDEX message_id;
CREATE UNIQUE INDEX message_id ON message (tenant, id);

-- +goose Down
DROP INDEX message_id;
CREATE UNIQUE INDEX message_id ON message (id);
ALTER TABLE message DROP COLUMN search_keys;
DROP TABLE search;
