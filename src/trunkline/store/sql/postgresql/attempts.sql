-- name: make_incoming
-- Where a connection that writes puts rows on their way to the ledger.
CREATE TEMP TABLE incoming (LIKE attempts) ON COMMIT DELETE ROWS;

-- name: commit_for_good
-- What is reported as written must outlive a crash, also where the server's own setting is not to wait for that.
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';

-- name: take_incoming
-- What is there stays, except that a settled row takes the place of an unsettled one; the columns before `outcome` say
-- which attempt it is and are the same in both. Of rows for one attempt the settled one is taken, and of several the
-- first. In the order of ids, so that two writers wait for each other one way round only.
INSERT INTO attempts (
    request, attempt, started, label, key, asked, provider, model, stream, outcome, status, error, finish, usage,
    input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, first_byte_us, total_us,
    org, team, "user", tags, saved, price, markup
)
SELECT DISTINCT ON (request, attempt)
    request, attempt, started, label, key, asked, provider, model, stream, outcome, status, error, finish, usage,
    input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, first_byte_us, total_us,
    org, team, "user", tags, saved, price, markup
FROM incoming
ORDER BY request, attempt, outcome = 'unsettled', ctid
ON CONFLICT (request, attempt) DO UPDATE SET
    outcome = excluded.outcome,
    status = excluded.status,
    error = excluded.error,
    finish = excluded.finish,
    usage = excluded.usage,
    input_tokens = excluded.input_tokens,
    cached_tokens = excluded.cached_tokens,
    cache_write_tokens = excluded.cache_write_tokens,
    output_tokens = excluded.output_tokens,
    reasoning_tokens = excluded.reasoning_tokens,
    cost = excluded.cost,
    first_byte_us = excluded.first_byte_us,
    total_us = excluded.total_us,
    saved = excluded.saved,
    price = excluded.price,
    markup = excluded.markup
WHERE attempts.outcome = 'unsettled' AND excluded.outcome <> 'unsettled';

-- name: recorded
-- Which of the pairs in a JSON array of [request, attempt] have a row.
SELECT pair ->> 0, (pair ->> 1)::integer
FROM json_array_elements($1::json) AS pair
JOIN attempts
    ON attempts.request = CASE WHEN pair ->> 0 ~ '^[0-9a-fA-F-]{36}$' THEN (pair ->> 0)::uuid END
    AND attempts.attempt = (pair ->> 1)::integer;

-- name: charged
-- What was charged for those of the pairs that ended after a time, or whose end nobody saw.
SELECT pair ->> 0, (pair ->> 1)::integer, attempts.cost + attempts.markup
FROM json_array_elements($1::json) AS pair
JOIN attempts
    ON attempts.request = CASE WHEN pair ->> 0 ~ '^[0-9a-fA-F-]{36}$' THEN (pair ->> 0)::uuid END
    AND attempts.attempt = (pair ->> 1)::integer
WHERE attempts.outcome = 'unsettled' OR attempts.started + attempts.total_us > $2::bigint;

-- name: delete_attempts
-- The oldest rows that began before a time. Their sums stay, so only rows that are in the sums may go.
DELETE FROM attempts WHERE (request, attempt) IN (
    SELECT request, attempt
    FROM attempts
    WHERE started < $1 AND coalesce(batch, 0) <> ALL (ARRAY(SELECT batch FROM unsummed))
    ORDER BY started
    LIMIT $2
);

-- name: parts
-- The parts of the ledger that hold one month each, by name, which says which: `attempts_2026_01`.
SELECT part.relname::text
FROM pg_inherits
JOIN pg_class AS part ON part.oid = inhrelid
WHERE inhparent = 'attempts'::regclass AND part.relname ~ '^attempts_[0-9]{4}_[0-9]{2}$'
ORDER BY 1;

-- name: rows_in_other
-- Whether any rows of a month are in the part for what has no part of its own: then that month gets none.
SELECT 1 FROM attempts_other WHERE request >= $1 AND request < $2 LIMIT 1;
