-- name: usage
-- Sums by one dimension over a span of time, in the order of the fields of `trunkline.store.base.UsageLine`.
-- Parameters: what to tell apart; the tag (empty: none) and its value; where the span begins, the rows before its
-- whole hours end, those after them begin, and it ends (microseconds); where its whole hours begin, the whole days
-- among them begin and end, and the hours end (seconds); then what the dimensions must equal.
-- (A tag's value that has no line of its own yet will get one while there are fewer than there may be.)
WITH single AS NOT MATERIALIZED (
    SELECT * FROM attempt_figures WHERE started >= $4 AND started < $5
    UNION ALL
    SELECT * FROM attempt_figures WHERE started >= $6 AND started < $7
    UNION ALL
    SELECT * FROM attempt_figures
    WHERE batch = ANY (ARRAY(SELECT batch FROM unsummed)) AND started >= $5 AND started < $6
), lines AS (
    SELECT period, value, org, team, "user", key, model, provider, outcome,
        requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
        cost, unpriced, saved, 0 AS markup
    FROM usage_days WHERE tag = $2 AND period >= $9 AND period < $10
    UNION ALL
    SELECT period, value, org, team, "user", key, model, provider, outcome,
        requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
        cost, unpriced, saved, 0
    FROM usage_hours WHERE tag = $2 AND period >= $8 AND period < $9
    UNION ALL
    SELECT period, value, org, team, "user", key, model, provider, outcome,
        requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
        cost, unpriced, saved, 0
    FROM usage_hours WHERE tag = $2 AND period >= $10 AND period < $11
    UNION ALL
    SELECT period, value, org, team, "user", key, model, provider, outcome, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, markup
    FROM markup_days WHERE tag = $2 AND period >= $9 AND period < $10
    UNION ALL
    SELECT period, value, org, team, "user", key, model, provider, outcome, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, markup
    FROM markup_hours WHERE tag = $2 AND period >= $8 AND period < $9
    UNION ALL
    SELECT period, value, org, team, "user", key, model, provider, outcome, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, markup
    FROM markup_hours WHERE tag = $2 AND period >= $10 AND period < $11
    UNION ALL
    SELECT period, '', org, team, "user", key, model, provider, outcome,
        requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
        cost, unpriced, saved, markup
    FROM single WHERE $2 = ''
    UNION ALL
    SELECT period,
        CASE
            WHEN known.value IS NOT NULL THEN known.value
            WHEN (
                SELECT count(*) FROM tag_values WHERE day = period / 86400 * 86400 AND name = $2
            ) < 1000 THEN given.value
            ELSE '(other)'
        END,
        org, team, "user", key, model, provider, outcome,
        requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
        cost, unpriced, saved, markup
    FROM single
    CROSS JOIN LATERAL (SELECT nullif(tags, '')::jsonb ->> $2 AS value) AS given
    LEFT JOIN tag_values AS known
        ON known.day = period / 86400 * 86400 AND known.name = $2 AND known.value = given.value
    WHERE $2 <> '' AND given.value IS NOT NULL
)
SELECT
    CASE $1::text
        WHEN 'org' THEN org
        WHEN 'team' THEN team
        WHEN 'user' THEN "user"
        WHEN 'key' THEN key
        WHEN 'model' THEN model
        WHEN 'provider' THEN provider
        WHEN 'outcome' THEN outcome
        WHEN 'value' THEN value
        WHEN 'day' THEN (period / 86400 * 86400)::text
        WHEN 'hour' THEN period::text
        ELSE ''
    END COLLATE "C" AS name,
    sum(requests),
    sum(attempts),
    sum(errors),
    sum(input_tokens),
    sum(cached_tokens),
    sum(cache_write_tokens),
    sum(output_tokens),
    sum(reasoning_tokens),
    sum(cost),
    sum(unpriced),
    sum(saved),
    sum(markup)
FROM lines
WHERE ($3::text IS NULL OR value = $3::text)
    AND ($12::text IS NULL OR org = $12::text)
    AND ($13::text IS NULL OR team = $13::text)
    AND ($14::text IS NULL OR "user" = $14::text)
    AND ($15::text IS NULL OR key = $15::text)
    AND ($16::text IS NULL OR model = $16::text)
    AND ($17::text IS NULL OR provider = $17::text)
    AND ($18::text IS NULL OR outcome = $18::text)
GROUP BY 1
HAVING sum(attempts) > 0
ORDER BY 1;

-- name: latencies
-- How many attempts took less than so long, in the order of the fields of `trunkline.store.base.LatencyLine`; the
-- parameters are those of `usage`.
WITH single AS NOT MATERIALIZED (
    SELECT * FROM attempt_figures WHERE started >= $4 AND started < $5
    UNION ALL
    SELECT * FROM attempt_figures WHERE started >= $6 AND started < $7
    UNION ALL
    SELECT * FROM attempt_figures
    WHERE batch = ANY (ARRAY(SELECT batch FROM unsummed)) AND started >= $5 AND started < $6
), lines AS (
    SELECT period, value, org, team, "user", key, model, provider, outcome,
        attempts, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500,
        ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
    FROM usage_days WHERE tag = $2 AND period >= $9 AND period < $10
    UNION ALL
    SELECT period, value, org, team, "user", key, model, provider, outcome,
        attempts, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500,
        ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
    FROM usage_hours WHERE tag = $2 AND period >= $8 AND period < $9
    UNION ALL
    SELECT period, value, org, team, "user", key, model, provider, outcome,
        attempts, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500,
        ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
    FROM usage_hours WHERE tag = $2 AND period >= $10 AND period < $11
    UNION ALL
    SELECT period, '', org, team, "user", key, model, provider, outcome,
        attempts, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500,
        ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
    FROM single WHERE $2 = ''
    UNION ALL
    SELECT period,
        CASE
            WHEN known.value IS NOT NULL THEN known.value
            WHEN (
                SELECT count(*) FROM tag_values WHERE day = period / 86400 * 86400 AND name = $2
            ) < 1000 THEN given.value
            ELSE '(other)'
        END,
        org, team, "user", key, model, provider, outcome,
        attempts, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500,
        ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
    FROM single
    CROSS JOIN LATERAL (SELECT nullif(tags, '')::jsonb ->> $2 AS value) AS given
    LEFT JOIN tag_values AS known
        ON known.day = period / 86400 * 86400 AND known.name = $2 AND known.value = given.value
    WHERE $2 <> '' AND given.value IS NOT NULL
)
SELECT
    CASE $1::text
        WHEN 'org' THEN org
        WHEN 'team' THEN team
        WHEN 'user' THEN "user"
        WHEN 'key' THEN key
        WHEN 'model' THEN model
        WHEN 'provider' THEN provider
        WHEN 'outcome' THEN outcome
        WHEN 'value' THEN value
        WHEN 'day' THEN (period / 86400 * 86400)::text
        WHEN 'hour' THEN period::text
        ELSE ''
    END COLLATE "C" AS name,
    sum(timed),
    sum(first_bytes),
    sum(first_byte_us),
    sum(ms_10),
    sum(ms_25),
    sum(ms_50),
    sum(ms_100),
    sum(ms_150),
    sum(ms_200),
    sum(ms_300),
    sum(ms_500),
    sum(ms_700),
    sum(ms_1000),
    sum(ms_1500),
    sum(ms_2000),
    sum(ms_3000),
    sum(ms_5000),
    sum(ms_7000),
    sum(ms_10000),
    sum(ms_20000),
    sum(ms_30000),
    sum(ms_60000),
    sum(ms_120000)
FROM lines
WHERE ($3::text IS NULL OR value = $3::text)
    AND ($12::text IS NULL OR org = $12::text)
    AND ($13::text IS NULL OR team = $13::text)
    AND ($14::text IS NULL OR "user" = $14::text)
    AND ($15::text IS NULL OR key = $15::text)
    AND ($16::text IS NULL OR model = $16::text)
    AND ($17::text IS NULL OR provider = $17::text)
    AND ($18::text IS NULL OR outcome = $18::text)
GROUP BY 1
HAVING sum(attempts) > 0
ORDER BY 1;
