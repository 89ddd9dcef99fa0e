-- name: write_attempts
-- Rows, with `{rows}` standing for one or more times `attempt_row`. What is there stays, except that a settled row takes
-- the place of an unsettled one; the columns before `outcome` say which attempt it is and are the same in both.
INSERT INTO attempts (
    request, attempt, started, label, key, asked, provider, model, stream, outcome, status, error, finish, usage,
    input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, first_byte_us, total_us,
    org, team, user, tags, saved, price, markup
)
VALUES {rows}
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

-- name: attempt_row
-- The values of one row. A request id that is no UUID becomes NULL, which the table refuses.
(unhex(?, '-'), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: recorded
-- Which of the pairs in a JSON array of [request, attempt] have a row.
SELECT pair.value ->> 0, pair.value ->> 1
FROM json_each(?1) AS pair
JOIN attempts ON attempts.request = unhex(pair.value ->> 0, '-') AND attempts.attempt = pair.value ->> 1;

-- name: charged
-- What was charged for those of the pairs that ended after a time, or whose end nobody saw.
SELECT pair.value ->> 0, pair.value ->> 1, attempts.cost + attempts.markup
FROM json_each(?1) AS pair
JOIN attempts ON attempts.request = unhex(pair.value ->> 0, '-') AND attempts.attempt = pair.value ->> 1
WHERE attempts.outcome = 'unsettled' OR attempts.started + attempts.total_us > ?2;

-- name: delete_attempts
-- The oldest rows that began before a time. Their sums stay, so only rows that are in the sums may go; and the newest
-- stays, whose number is the next one's base.
DELETE FROM attempts WHERE id IN (
    SELECT id
    FROM attempts
    WHERE started < ?1 AND id <= (SELECT attempt FROM summed) AND id < (SELECT max(id) FROM attempts)
    ORDER BY started
    LIMIT ?2
);
