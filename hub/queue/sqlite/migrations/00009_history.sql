-- Closed messages move to files by day; see history/00001_day.sql.

-- +goose Up
-- Messages that stand in no queue. They are closed from their birth, and no list leads to them.
CREATE TABLE lone (
    mid        INTEGER PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT;

INSERT INTO lone SELECT mid, created_at FROM message AS m WHERE NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.mid = m.mid);

-- Messages in a day's file of which something was told later. It stands in report and outcome here
-- until it is moved after them.
CREATE TABLE late (
    mid INTEGER PRIMARY KEY,
    day TEXT NOT NULL
) STRICT;

-- Messages whose content a person had erased.
CREATE TABLE erased (
    mid    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    by     TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- How many deliveries of a queue have left for the history, or were purged: with those that are here they
-- add up to the queue's counts.
CREATE TABLE past (
    qid       INTEGER PRIMARY KEY,
    acked     INTEGER NOT NULL,
    discarded INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE past;
DROP TABLE erased;
DROP TABLE late;
DROP TABLE lone;
