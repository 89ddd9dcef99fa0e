-- name: total_usage
-- The sums of everything or of one organisation, team, model, provider or outcome, by the day, by the hour or as one, in
-- the order of the fields of `trunkline.store.base.UsageLine`. Parameters: what to tell apart; where the span begins,
-- the rows before its whole hours end, those after them begin, and it ends (microseconds); where its whole hours begin
-- and end (seconds); of which dimension one is meant (empty: everything), and which.
WITH single AS NOT MATERIALIZED (
    SELECT * FROM attempt_figures
    WHERE CASE $8::text
        WHEN '' THEN ''
        WHEN 'org' THEN org
        WHEN 'team' THEN team
        WHEN 'model' THEN model
        WHEN 'provider' THEN provider
        WHEN 'outcome' THEN outcome
    END = $9::text
), lines AS (
    SELECT period, requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
        reasoning_tokens, cost, unpriced, saved, markup
    FROM usage_totals WHERE scope = $8::text AND name = $9::text AND period >= $6 AND period < $7
    UNION ALL
    SELECT period, requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
        reasoning_tokens, cost, unpriced, saved, markup
    FROM single WHERE started >= $2 AND started < $3
    UNION ALL
    SELECT period, requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
        reasoning_tokens, cost, unpriced, saved, markup
    FROM single WHERE started >= $4 AND started < $5
    UNION ALL
    SELECT period, requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
        reasoning_tokens, cost, unpriced, saved, markup
    FROM single WHERE batch = ANY (ARRAY(SELECT batch FROM unsummed)) AND started >= $3 AND started < $4
)
SELECT
    CASE $1::text
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
GROUP BY 1
HAVING sum(attempts) > 0
ORDER BY 1;

-- name: total_latencies
-- Its latencies, in the order of the fields of `trunkline.store.base.LatencyLine`; the parameters are the same.
WITH single AS NOT MATERIALIZED (
    SELECT * FROM attempt_figures
    WHERE CASE $8::text
        WHEN '' THEN ''
        WHEN 'org' THEN org
        WHEN 'team' THEN team
        WHEN 'model' THEN model
        WHEN 'provider' THEN provider
        WHEN 'outcome' THEN outcome
    END = $9::text
), lines AS (
    SELECT period, attempts, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300,
        ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000,
        ms_120000
    FROM usage_totals WHERE scope = $8::text AND name = $9::text AND period >= $6 AND period < $7
    UNION ALL
    SELECT period, attempts, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300,
        ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000,
        ms_120000
    FROM single WHERE started >= $2 AND started < $3
    UNION ALL
    SELECT period, attempts, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300,
        ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000,
        ms_120000
    FROM single WHERE started >= $4 AND started < $5
    UNION ALL
    SELECT period, attempts, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300,
        ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000,
        ms_120000
    FROM single WHERE batch = ANY (ARRAY(SELECT batch FROM unsummed)) AND started >= $3 AND started < $4
)
SELECT
    CASE $1::text
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
GROUP BY 1
HAVING sum(attempts) > 0
ORDER BY 1;
