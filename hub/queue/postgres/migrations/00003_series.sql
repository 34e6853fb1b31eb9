-- How often something happened in each queue, by minute and by hour, for charts. Each hub writes rows of
-- its own slot, one for each queue that a group changes, so that hubs do not wait for each other and a
-- chart never counts messages. step is the length in seconds.

-- +goose Up
CREATE TABLE series (
    tenant    uuid NOT NULL,
    qid       bigint NOT NULL,
    step      integer NOT NULL,
    at        timestamptz NOT NULL,
    slot      smallint NOT NULL,
    published bigint NOT NULL,
    delivered bigint NOT NULL,
    acked     bigint NOT NULL,
    requeued  bigint NOT NULL,
    dead      bigint NOT NULL,
    lost      bigint NOT NULL,
    redriven  bigint NOT NULL,
    discarded bigint NOT NULL,
    done      bigint NOT NULL,
    rejected  bigint NOT NULL,
    net       bigint NOT NULL,                     -- how many more wait at the end than at the beginning
    PRIMARY KEY (tenant, qid, step, at, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

CREATE INDEX series_age ON series (step, at);

-- +goose Down
DROP TABLE series;
