-- name: write_response
-- A response; one that is saved again takes the place of what was there.
INSERT INTO responses (tenant, id, provider, upstream, previous, created, expires, sealed, person)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant, id) DO UPDATE SET
    provider = excluded.provider,
    upstream = excluded.upstream,
    previous = excluded.previous,
    created = excluded.created,
    expires = excluded.expires,
    sealed = excluded.sealed,
    person = excluded.person;

-- name: responses
-- A tenant's response and those before it that it continues, newest first, in the order of the fields of
-- `trunkline.store.base.ResponseRecord`. The walk ends at the first that is missing or expired, and after `most`
-- responses or `size` bytes; it looks at ids and lengths only, and the rows are read once it is over.
WITH RECURSIVE chain (step, size, id, previous) AS (
    SELECT 1::bigint, octet_length(sealed)::bigint, id, previous
    FROM responses
    WHERE tenant = $1 AND id = $2 AND expires > $3
    UNION ALL
    SELECT chain.step + 1, chain.size + octet_length(earlier.sealed), earlier.id, earlier.previous
    FROM chain
    JOIN responses AS earlier
        ON earlier.tenant = $1 AND earlier.id = chain.previous AND earlier.expires > $3
    WHERE chain.step < $4 AND chain.size + octet_length(earlier.sealed) <= $5
)
SELECT tenant, responses.id, provider, upstream, responses.previous, created, expires, sealed, person
FROM chain
JOIN responses ON responses.tenant = $1 AND responses.id = chain.id
ORDER BY chain.step;

-- name: delete_response
-- One response that has not expired; those that continue it stay.
DELETE FROM responses WHERE tenant = $1 AND id = $2 AND expires > $3;

-- name: delete_expired_responses
-- Some of the responses whose time is over: few enough that others need not wait long for their turn to write.
DELETE FROM responses WHERE ctid = ANY (
    ARRAY(SELECT ctid FROM responses WHERE expires <= $1 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED)
);

-- name: responses_of
-- The responses of an owner after an id, in the order of the fields of `trunkline.store.base.ResponseRecord`.
SELECT tenant, id, provider, upstream, previous, created, expires, sealed, person
FROM responses
WHERE tenant = $1 AND person = $2 AND id > $3
ORDER BY id
LIMIT $4;

-- name: erase_responses
-- All responses of an owner.
DELETE FROM responses WHERE tenant = $1 AND person = $2;
