-- name: keys
-- Every key, in the order of the fields of `trunkline.store.base.KeyRecord`.
SELECT name, digest, hint, created, expires, revoked, models, tags FROM keys ORDER BY name, created, digest;

-- name: key_by_digest
-- One key, whether it is still in force or not.
SELECT name, digest, hint, created, expires, revoked, models, tags FROM keys WHERE digest = $1;

-- name: add_key
-- A new key; nothing when its name is taken.
INSERT INTO keys (name, digest, hint, created, expires, revoked, models, tags) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING;

-- name: revoke_key
-- The key of that name that is still in force, if any, is so no longer.
UPDATE keys SET revoked = $1 WHERE name = $2 AND revoked IS NULL;

-- name: version
-- What replicas poll.
SELECT value FROM version;

-- name: next_version
-- In the same transaction as any change to what replicas keep in memory.
UPDATE version SET value = value + 1;

-- name: write_nothing
-- A write that changes nothing, to see whether one would succeed.
UPDATE version SET value = value;
