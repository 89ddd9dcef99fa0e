-- name: keys
-- Every key, in the order of the fields of `trunkline.store.base.KeyRecord`.
SELECT name, digest, hint, created, expires, revoked, models, tags, org, team, user, settings FROM keys ORDER BY name, created, digest;

-- name: key_by_digest
-- One key, whether it is still in force or not.
SELECT name, digest, hint, created, expires, revoked, models, tags, org, team, user, settings FROM keys WHERE digest = ?;

-- name: keys_named
-- The same of the keys that have or had one of these names, a JSON array.
SELECT name, digest, hint, created, expires, revoked, models, tags, org, team, user, settings FROM keys WHERE name IN (SELECT value FROM json_each(?1));

-- name: add_key
-- A new key; nothing when its name is taken.
INSERT INTO keys (name, digest, hint, created, expires, revoked, models, tags, org, team, user, settings)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: revoke_key
-- No key of that name is in force any longer, nor one that was replaced and had some time left.
UPDATE keys SET revoked = ?1 WHERE name = ?2 AND (revoked IS NULL OR revoked > ?1);

-- name: retire_key
-- The key of that name makes room for another, and is in force until a later time.
UPDATE keys SET revoked = ? WHERE name = ? AND revoked IS NULL;

-- name: change_key
-- What the key of that name may, and whose it is.
UPDATE keys SET expires = ?, models = ?, tags = ?, org = ?, team = ?, user = ?, settings = ?
WHERE name = ? AND revoked IS NULL;

-- name: version
-- What replicas poll.
SELECT value FROM version;

-- name: latest
-- That, and the number of the last change that was noted.
SELECT value, (SELECT coalesce(max(id), 0) FROM changes) FROM version;

-- name: next_version
-- In the same transaction as any change to what replicas keep in memory.
UPDATE version SET value = value + 1;

-- name: write_nothing
-- A write that changes nothing, to see whether one would succeed.
UPDATE version SET value = value;
