-- Names of requests that keep their order. What stands here already has the old names, and is forgotten
-- with the window; until then both are looked for. Hubs of an earlier version must not go on beside:
-- they would not know the requests of this one.

-- +goose Up
INSERT INTO meta SELECT 'old_requests', coalesce(extract(epoch FROM max(at)) * 1000000, 0) FROM dedupe;

-- +goose Down
DELETE FROM meta WHERE name = 'old_requests';
