-- name: vault_check
-- What tells whether a master key is this store's.
SELECT value FROM vault_check;

-- name: vault_check_held
-- The same, for a transaction in which it must not change.
SELECT value FROM vault_check;

-- name: begin_vault
-- A store is begun with a master key once.
INSERT INTO vault_check (one, value) VALUES (1, ?) ON CONFLICT DO NOTHING;

-- name: change_vault_check
-- Another master key takes the place of the one with the second value.
UPDATE vault_check SET value = ? WHERE value = ?;

-- name: add_data_key
-- A tenant's key of a day, unless there is one.
INSERT INTO data_keys (id, tenant, day, wrapped, created) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: data_key_of_day
-- The key that a tenant's records of a day are sealed with, in the order of the fields of
-- `trunkline.store.base.DataKey`.
SELECT id, tenant, day, wrapped, created FROM data_keys WHERE tenant = ? AND day = ? AND destroyed IS NULL;

-- name: data_key
-- One key, destroyed or not.
SELECT id, tenant, day, wrapped, created FROM data_keys WHERE id = ?;

-- name: data_keys
-- Every key that is not destroyed.
SELECT id, tenant, day, wrapped, created FROM data_keys WHERE destroyed IS NULL;

-- name: rewrap_data_key
-- The same key under another master key.
UPDATE data_keys SET wrapped = ? WHERE id = ?;

-- name: destroy_data_keys
-- What a tenant's keys of some days had sealed can never be opened again.
UPDATE data_keys SET wrapped = NULL, destroyed = ?4
WHERE tenant = ?1 AND day BETWEEN ?2 AND ?3 AND destroyed IS NULL;

-- name: data_key_tenants
-- For whom there are keys that are not destroyed.
SELECT DISTINCT tenant FROM data_keys WHERE destroyed IS NULL;

-- name: erase_data_keys
-- What a tenant's keys had sealed, on whatever day, can never be opened again.
UPDATE data_keys SET wrapped = NULL, destroyed = ?2 WHERE tenant = ?1 AND destroyed IS NULL;

-- name: drop_data_keys
-- Some of the keys of persons, from before a day, with which nothing is sealed any more: there are many of them, and
-- what was sealed with them shall not be readable in a backup either.
DELETE FROM data_keys WHERE id IN (
    SELECT id FROM data_keys
    WHERE tenant >= 'person' || char(10) AND tenant < 'person' || char(11) AND day < ?1
        AND NOT EXISTS (SELECT 1 FROM request_log WHERE substr(request_log.sealed, 3, 16) = data_keys.id)
        AND NOT EXISTS (SELECT 1 FROM responses WHERE substr(responses.sealed, 3, 16) = data_keys.id)
        AND NOT EXISTS (SELECT 1 FROM semantic_entries WHERE substr(semantic_entries.sealed, 3, 16) = data_keys.id)
    LIMIT ?2
);

-- name: dump_data_keys
-- Every key that is not destroyed, to be kept in a file of its own.
SELECT id, tenant, day, wrapped, created FROM data_keys WHERE destroyed IS NULL ORDER BY tenant, day;

-- name: put_data_key_back
-- A key that a restored store has only the place of.
UPDATE data_keys SET wrapped = ?4, destroyed = NULL
WHERE id = ?1 AND tenant = ?2 AND day = ?3 AND destroyed = 0;
