-- name: write_log
-- An entry of the request log. One that is written again is there already.
INSERT INTO request_log (
    id, at, expires, org, team, "user", key, person, model, provider, served, status, stream, error, size,
    sealed
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT DO NOTHING;

-- name: log
-- The latest entries before an id, in the order of the fields of `trunkline.store.content.LogRecord`, without what is
-- encrypted; those that equal every parameter from the fourth on that is not empty.
SELECT
    id, at, expires, org, team, "user", key, person, model, provider, served, status, stream, error, size,
    ''::bytea
FROM request_log
WHERE id < $1 AND expires > $2
    AND ($4::text = '' OR org = $4)
    AND ($5::text = '' OR team = $5)
    AND ($6::text = '' OR "user" = $6)
    AND ($7::text = '' OR key = $7)
    AND ($8::text = '' OR person = $8)
    AND ($9::text = '' OR model = $9)
ORDER BY id DESC
LIMIT $3;

-- name: log_contents
-- The entries of an owner after an id, with all that is in them.
SELECT
    id, at, expires, org, team, "user", key, person, model, provider, served, status, stream, error, size,
    sealed
FROM request_log
WHERE key = $1 AND person = $2 AND id > $3
ORDER BY id
LIMIT $4;

-- name: log_entry
-- One entry, with all that is in it.
SELECT
    id, at, expires, org, team, "user", key, person, model, provider, served, status, stream, error, size,
    sealed
FROM request_log
WHERE id = $1 AND expires > $2;

-- name: delete_expired_log
-- Some of the entries whose time is over: few enough that others need not wait long for their turn to write.
DELETE FROM request_log WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM request_log WHERE expires <= $1 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED)
);

-- name: erase_log
-- All entries of an owner.
DELETE FROM request_log WHERE key = $1 AND person = $2;
