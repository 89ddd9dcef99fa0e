-- name: tenants
-- Every organisation, team and user, in the order of the fields of `trunkline.store.base.TenantRecord`.
SELECT kind, name, settings, created, changed FROM tenants ORDER BY kind, name;

-- name: add_tenant
-- A new one; nothing when it is there.
INSERT INTO tenants (kind, name, settings, created, changed) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: change_tenant
-- What one says.
UPDATE tenants SET settings = ?, changed = ? WHERE kind = ? AND name = ?;

-- name: delete_tenant
-- One less.
DELETE FROM tenants WHERE kind = ? AND name = ?;

-- name: provider_keys
-- Every key of a tenant's own, in the order of the fields of `trunkline.store.base.ProviderKeyRecord`.
SELECT id, tenant, provider, hint, created, sealed FROM provider_keys ORDER BY tenant, provider, created, id;

-- name: add_provider_key
-- A new one.
INSERT INTO provider_keys (id, tenant, provider, hint, created, sealed) VALUES (?, ?, ?, ?, ?, ?);

-- name: delete_provider_key
-- One less.
DELETE FROM provider_keys WHERE id = ?;

-- name: add_change
-- Numbered one after the other: whoever adds one holds the row of `version`.
INSERT INTO changes (id, at, by, action, kind, name, detail)
SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ?, ?, ? FROM changes;

-- name: changes_after
-- The next after a number.
SELECT id, at, by, action, kind, name, detail FROM changes WHERE id > ? ORDER BY id LIMIT ?;

-- name: changes
-- The latest before a number.
SELECT id, at, by, action, kind, name, detail FROM changes WHERE id < ? ORDER BY id DESC LIMIT ?;

-- name: forgotten
-- When answers were last forgotten, by the names that they go by.
SELECT name, max(at) FROM changes WHERE kind = 'answers' AND action = 'forgotten' GROUP BY name;

-- name: last_erasure
-- The latest change that erased somebody's data.
SELECT id FROM changes WHERE action = 'erased' ORDER BY id DESC LIMIT 1;
