-- name: limits_now
-- The database's time: the only one that counts for what is shared.
SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER);

-- name: limit_holder
-- Until when a process holds what it was lent, its last batch, and what it was answered.
SELECT ends, number, reply FROM limit_holders WHERE holder = ?1;

-- name: make_limit_meter
-- Books in which nothing stands, where there are none.
INSERT INTO limit_meters (id, books, ends) VALUES (?1, '{}', 0) ON CONFLICT DO NOTHING;

-- name: limit_meters
-- The books of several meters, by a JSON array of ids; nobody else changes them until the transaction ends.
SELECT id, books FROM limit_meters WHERE id IN (SELECT value FROM json_each(?1)) ORDER BY id;

-- name: limit_holders
-- Until when several processes hold what they were lent, by a JSON array of names.
SELECT holder, ends FROM limit_holders WHERE holder IN (SELECT value FROM json_each(?1));

-- name: set_limit_meter
-- What stands in the books now, and when it will have lost its meaning.
UPDATE limit_meters SET books = ?1, ends = ?2 WHERE id = ?3;

-- name: set_limit_holder
-- A process has sent a batch.
INSERT INTO limit_holders (holder, ends, number, reply) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (holder) DO UPDATE SET ends = excluded.ends, number = excluded.number, reply = excluded.reply;

-- name: delete_ended_meters
-- Books whose time is over.
DELETE FROM limit_meters WHERE ends < ?1;

-- name: delete_ended_holders
-- Processes whose shares are long out of every window.
DELETE FROM limit_holders WHERE ends < ?1;
