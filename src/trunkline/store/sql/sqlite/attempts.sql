-- name: write_attempts
-- Rows, with `{rows}` standing for one or more times `attempt_row`. What is there stays, except that a settled row takes
-- the place of an unsettled one; the columns before `outcome` say which attempt it is and are the same in both.
INSERT INTO attempts (
    request, attempt, started, label, key, asked, provider, model, stream, outcome, status, error, finish, usage,
    input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, first_byte_us, total_us
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
    total_us = excluded.total_us
WHERE attempts.outcome = 'unsettled' AND excluded.outcome <> 'unsettled';

-- name: attempt_row
-- The values of one row. A request id that is no UUID becomes NULL, which the table refuses.
(unhex(?, '-'), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: recorded
-- Which of the pairs in a JSON array of [request, attempt] have a row.
SELECT pair.value ->> 0, pair.value ->> 1
FROM json_each(?) AS pair
JOIN attempts ON attempts.request = unhex(pair.value ->> 0, '-') AND attempts.attempt = pair.value ->> 1;

-- name: usage
-- Sums by one dimension over a span of time, in the order of the fields of `trunkline.store.base.UsageLine`.
SELECT
    CASE :by
        WHEN 'model' THEN model
        WHEN 'provider' THEN provider
        WHEN 'key' THEN key
        WHEN 'outcome' THEN outcome
        WHEN 'day' THEN date(started / 1000000, 'unixepoch')
        ELSE ''
    END AS name,
    count(DISTINCT request),
    count(*),
    sum(outcome IN ('refused', 'failed', 'truncated')),
    sum(input_tokens),
    sum(cached_tokens),
    sum(cache_write_tokens),
    sum(output_tokens),
    sum(reasoning_tokens),
    sum(CASE WHEN cost < 0 THEN 0 ELSE cost END),
    sum(cost < 0)
FROM attempts
WHERE started >= :since AND started < :until
    AND (:model IS NULL OR model = :model)
    AND (:provider IS NULL OR provider = :provider)
    AND (:key IS NULL OR key = :key)
    AND (:outcome IS NULL OR outcome = :outcome)
GROUP BY name
ORDER BY name;
