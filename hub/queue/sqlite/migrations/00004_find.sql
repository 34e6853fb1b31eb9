-- Messages are found by the keys people have in hand. A message without a key, or that is its own
-- root, costs nothing.

-- +goose Up
CREATE INDEX message_business_key ON message (tenant, business_key, mid) WHERE business_key <> '';
CREATE INDEX message_correlation ON message (tenant, correlation, mid) WHERE correlation <> '';
CREATE INDEX message_root ON message (tenant, root, mid) WHERE root <> id;

-- +goose Down
DROP INDEX message_root;
DROP INDEX message_correlation;
DROP INDEX message_business_key;
