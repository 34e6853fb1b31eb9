-- How soon autovacuum comes to each table. PostgreSQL waits until a fifth of a table is dead; here rows live
-- for a short time, and every get walks over the index entries of dead ones, so it must come by what has
-- passed through rather than by what stands there.

-- +goose Up
-- Each message changes its delivery two or three times and leaves after an hour. Every change is one of an
-- indexed column (state, pos, tag, due_at), so none of them stays within its page without new index entries
-- (HOT), and fillfactor only keeps the new version near the old one. The cost limit is five times the
-- usual: a table that changes as fast as hubs can write is to be finished before it is due again.
ALTER TABLE delivery SET (autovacuum_vacuum_cost_limit = 1000);

-- Rows are written once and go with their message. What is larger than a page's fourth stands in a table
-- of its own (toast).
ALTER TABLE message SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_limit = 1000,
    toast.autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_threshold = 5000, toast.autovacuum_vacuum_cost_limit = 1000);
ALTER TABLE attempt SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_limit = 1000);
ALTER TABLE report SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_limit = 1000);
ALTER TABLE outcome SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_limit = 1000);
ALTER TABLE search SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_limit = 1000);
ALTER TABLE lone SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
ALTER TABLE event SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

-- Thirty days of requests, of which the oldest are deleted each hour: the largest table. Each vacuum reads
-- its indexes whole, so it comes with every hundredth part, some four times a day.
ALTER TABLE dedupe SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_limit = 1000);

-- Few rows that are changed in place again and again, by columns without an index: with room in their pages
-- all changes are HOT and clean up after each other. queue_count, ordering and series are made so already;
-- of the first, vacuum comes by the number of changes alone, because it never grows.
ALTER TABLE queue_past SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE health SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- +goose Down
ALTER TABLE health RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE queue_past RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE dedupe RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_limit);
ALTER TABLE event RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE lone RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE search RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_limit);
ALTER TABLE outcome RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_limit);
ALTER TABLE report RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_limit);
ALTER TABLE attempt RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_limit);
ALTER TABLE message RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_limit,
    toast.autovacuum_vacuum_scale_factor, toast.autovacuum_vacuum_threshold, toast.autovacuum_vacuum_cost_limit);
ALTER TABLE delivery RESET (autovacuum_vacuum_cost_limit);
