-- Each list of a queue is walked in its order, from either end. What is ready and what is dead have
-- their index already.

-- +goose Up
CREATE INDEX delivery_behind_pos ON delivery (qid, pos) WHERE state = 'behind';
CREATE INDEX delivery_delayed_pos ON delivery (qid, pos) WHERE state = 'delayed';
CREATE INDEX delivery_history ON delivery (qid, pos) WHERE state IN ('acked', 'discarded');

-- +goose Down
DROP INDEX delivery_history;
DROP INDEX delivery_delayed_pos;
DROP INDEX delivery_behind_pos;
