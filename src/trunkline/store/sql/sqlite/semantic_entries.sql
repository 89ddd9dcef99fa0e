-- name: number_semantic_entries
-- So many numbers more are taken; until the end of the transaction nobody else takes any.
UPDATE semantic_number SET value = value + ?;

-- name: semantic_number
-- The number of the latest entry.
SELECT value FROM semantic_number;

-- name: write_semantic_entry
-- An entry; the same question in the same place takes the place of what was there.
INSERT INTO semantic_entries (number, writer, id, tenant, embedder, dimensions, allowed, expires, size, sealed)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (id) DO UPDATE SET
    number = excluded.number,
    writer = excluded.writer,
    tenant = excluded.tenant,
    expires = excluded.expires,
    size = excluded.size,
    sealed = excluded.sealed;

-- name: semantic_entries_since
-- Those of a cache above a number that others wrote, the oldest first.
SELECT number, id, tenant, embedder, dimensions, allowed, expires, sealed
FROM semantic_entries
WHERE embedder = ?1 AND dimensions = ?2 AND allowed = ?3 AND number > ?4 AND writer <> ?5 AND expires > ?6
ORDER BY number
LIMIT ?7;

-- name: semantic_entries_until
-- Those of a cache up to a number, the latest first.
SELECT number, id, tenant, embedder, dimensions, allowed, expires, sealed
FROM semantic_entries
WHERE embedder = ?1 AND dimensions = ?2 AND allowed = ?3 AND number <= ?4 AND expires > ?5
ORDER BY number DESC
LIMIT ?6;

-- name: delete_expired_semantic_entries
-- Some of those whose time is over: few enough that others need not wait long for their turn to write.
DELETE FROM semantic_entries WHERE id IN (SELECT id FROM semantic_entries WHERE expires <= ?1 LIMIT ?2);

-- name: delete_erased_semantic_entries
-- Some of those whose data key was destroyed.
DELETE FROM semantic_entries WHERE id IN (
    SELECT semantic_entries.id
    FROM data_keys
    JOIN semantic_entries ON substr(semantic_entries.sealed, 3, 16) = data_keys.id
    WHERE destroyed IS NOT NULL
    LIMIT ?1
);

-- name: semantic_entries_too_many
-- The latest entry that has no room, where there may be so many entries and bytes; none where all have.
SELECT number FROM (
    SELECT
        number,
        row_number() OVER (ORDER BY number DESC) AS entries,
        sum(size) OVER (ORDER BY number DESC) AS bytes
    FROM semantic_entries
)
WHERE entries > ?1 OR bytes > ?2
ORDER BY number DESC
LIMIT 1;

-- name: delete_old_semantic_entries
-- Some of those up to a number.
DELETE FROM semantic_entries WHERE id IN (SELECT id FROM semantic_entries WHERE number <= ?1 LIMIT ?2);

-- name: erase_semantic_entries
-- All that are encrypted for somebody.
DELETE FROM semantic_entries WHERE tenant = ?;
