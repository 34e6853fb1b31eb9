-- How often something happened in each queue, by minute and by hour, for charts. One row is written for
-- each queue that a group changes, so a chart never counts messages. step is the length in seconds.

-- +goose Up
CREATE TABLE series (
    qid       INTEGER NOT NULL,
    step      INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    published INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    acked     INTEGER NOT NULL,
    requeued  INTEGER NOT NULL,
    dead      INTEGER NOT NULL,
    lost      INTEGER NOT NULL,
    redriven  INTEGER NOT NULL,
    discarded INTEGER NOT NULL,
    done      INTEGER NOT NULL,
    rejected  INTEGER NOT NULL,
    net       INTEGER NOT NULL,                -- how many more wait at the end than at the beginning
    PRIMARY KEY (qid, step, at)
) STRICT, WITHOUT ROWID;

CREATE INDEX series_age ON series (step, at);

-- +goose Down
DROP TABLE series;
