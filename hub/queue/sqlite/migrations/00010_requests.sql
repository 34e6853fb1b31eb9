-- Names of requests that keep their order. What stands here already has the old names, and is forgotten
-- with the window; until then both are looked for.

-- +goose Up
INSERT INTO meta SELECT 'old_requests', coalesce(max(at), 0) FROM dedupe;

-- +goose Down
DELETE FROM meta WHERE name = 'old_requests';
