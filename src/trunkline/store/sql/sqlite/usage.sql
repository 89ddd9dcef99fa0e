-- name: usage
-- Sums by one dimension over a span of time, in the order of the fields of `trunkline.store.base.UsageLine`.
-- Parameters: what to tell apart; the tag (empty: none) and its value; where the span begins, the rows before its
-- whole hours end, those after them begin, and it ends (microseconds); where its whole hours begin, the whole days
-- among them begin and end, and the hours end (seconds); then what the dimensions must equal.
-- (What the sums lack is found by its number; `+` keeps its time from being looked up instead. By the hour, lines are
-- added up in the order in which they lie, which no sorting has to make first; any of them can stand for the rest, as
-- what they must equal is asked for before.)
WITH lines AS (
    SELECT period, value, org, team, user, key, model, provider, outcome, requests, attempts, errors, input_tokens,
        cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, unpriced, saved, 0 AS markup
    FROM usage_days WHERE tag = ?2 AND period >= ?9 AND period < ?10
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, sum(requests), sum(attempts), sum(errors),
        sum(input_tokens), sum(cached_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens),
        sum(cost), sum(unpriced), sum(saved), 0
    FROM usage_hours WHERE ?1 = 'hour' AND tag = ?2 AND period >= ?8 AND period < ?9
        AND (?3 IS NULL OR value = ?3)
        AND (?12 IS NULL OR org = ?12)
        AND (?13 IS NULL OR team = ?13)
        AND (?14 IS NULL OR user = ?14)
        AND (?15 IS NULL OR key = ?15)
        AND (?16 IS NULL OR model = ?16)
        AND (?17 IS NULL OR provider = ?17)
        AND (?18 IS NULL OR outcome = ?18)
    GROUP BY period
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, requests, attempts, errors, input_tokens,
        cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, unpriced, saved, 0
    FROM usage_hours WHERE ?1 IS NOT 'hour' AND tag = ?2 AND period >= ?8 AND period < ?9
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, requests, attempts, errors, input_tokens,
        cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, unpriced, saved, 0
    FROM usage_hours WHERE tag = ?2 AND period >= ?10 AND period < ?11
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, markup
    FROM markup_days WHERE tag = ?2 AND period >= ?9 AND period < ?10
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, markup
    FROM markup_hours WHERE tag = ?2 AND period >= ?8 AND period < ?9
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, markup
    FROM markup_hours WHERE tag = ?2 AND period >= ?10 AND period < ?11
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, requests, attempts, errors, input_tokens,
        cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, unpriced, saved, markup
    FROM tagged_figures WHERE tag = ?2 AND started >= ?4 AND started < ?5
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, requests, attempts, errors, input_tokens,
        cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, unpriced, saved, markup
    FROM tagged_figures WHERE tag = ?2 AND started >= ?6 AND started < ?7
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, requests, attempts, errors, input_tokens,
        cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, unpriced, saved, markup
    FROM tagged_figures WHERE tag = ?2 AND id > (SELECT attempt FROM summed) AND +started >= ?5 AND +started < ?6
)
SELECT
    CASE ?1
        WHEN 'org' THEN org
        WHEN 'team' THEN team
        WHEN 'user' THEN user
        WHEN 'key' THEN key
        WHEN 'model' THEN model
        WHEN 'provider' THEN provider
        WHEN 'outcome' THEN outcome
        WHEN 'value' THEN value
        WHEN 'day' THEN CAST(period / 86400 * 86400 AS TEXT)
        WHEN 'hour' THEN CAST(period AS TEXT)
        ELSE ''
    END AS name,
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
WHERE (?3 IS NULL OR value = ?3)
    AND (?12 IS NULL OR org = ?12)
    AND (?13 IS NULL OR team = ?13)
    AND (?14 IS NULL OR user = ?14)
    AND (?15 IS NULL OR key = ?15)
    AND (?16 IS NULL OR model = ?16)
    AND (?17 IS NULL OR provider = ?17)
    AND (?18 IS NULL OR outcome = ?18)
GROUP BY 1
HAVING sum(attempts) > 0
ORDER BY 1;

-- name: latencies
-- How many attempts took less than so long, in the order of the fields of `trunkline.store.base.LatencyLine`; the
-- parameters are those of `usage`.
WITH lines AS (
    SELECT period, value, org, team, user, key, model, provider, outcome, attempts, timed, first_bytes, first_byte_us,
        ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000,
        ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
    FROM usage_days WHERE tag = ?2 AND period >= ?9 AND period < ?10
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, sum(attempts), sum(timed), sum(first_bytes),
        sum(first_byte_us), sum(ms_10), sum(ms_25), sum(ms_50), sum(ms_100), sum(ms_150), sum(ms_200), sum(ms_300),
        sum(ms_500), sum(ms_700), sum(ms_1000), sum(ms_1500), sum(ms_2000), sum(ms_3000), sum(ms_5000), sum(ms_7000),
        sum(ms_10000), sum(ms_20000), sum(ms_30000), sum(ms_60000), sum(ms_120000)
    FROM usage_hours WHERE ?1 = 'hour' AND tag = ?2 AND period >= ?8 AND period < ?9
        AND (?3 IS NULL OR value = ?3)
        AND (?12 IS NULL OR org = ?12)
        AND (?13 IS NULL OR team = ?13)
        AND (?14 IS NULL OR user = ?14)
        AND (?15 IS NULL OR key = ?15)
        AND (?16 IS NULL OR model = ?16)
        AND (?17 IS NULL OR provider = ?17)
        AND (?18 IS NULL OR outcome = ?18)
    GROUP BY period
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, attempts, timed, first_bytes, first_byte_us,
        ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000,
        ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
    FROM usage_hours WHERE ?1 IS NOT 'hour' AND tag = ?2 AND period >= ?8 AND period < ?9
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, attempts, timed, first_bytes, first_byte_us,
        ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000,
        ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
    FROM usage_hours WHERE tag = ?2 AND period >= ?10 AND period < ?11
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, attempts, timed, first_bytes, first_byte_us,
        ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000,
        ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
    FROM tagged_figures WHERE tag = ?2 AND started >= ?4 AND started < ?5
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, attempts, timed, first_bytes, first_byte_us,
        ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000,
        ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
    FROM tagged_figures WHERE tag = ?2 AND started >= ?6 AND started < ?7
    UNION ALL
    SELECT period, value, org, team, user, key, model, provider, outcome, attempts, timed, first_bytes, first_byte_us,
        ms_10, ms_25, ms_50, ms_100, ms_150, ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000,
        ms_5000, ms_7000, ms_10000, ms_20000, ms_30000, ms_60000, ms_120000
    FROM tagged_figures WHERE tag = ?2 AND id > (SELECT attempt FROM summed) AND +started >= ?5 AND +started < ?6
)
SELECT
    CASE ?1
        WHEN 'org' THEN org
        WHEN 'team' THEN team
        WHEN 'user' THEN user
        WHEN 'key' THEN key
        WHEN 'model' THEN model
        WHEN 'provider' THEN provider
        WHEN 'outcome' THEN outcome
        WHEN 'value' THEN value
        WHEN 'day' THEN CAST(period / 86400 * 86400 AS TEXT)
        WHEN 'hour' THEN CAST(period AS TEXT)
        ELSE ''
    END AS name,
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
WHERE (?3 IS NULL OR value = ?3)
    AND (?12 IS NULL OR org = ?12)
    AND (?13 IS NULL OR team = ?13)
    AND (?14 IS NULL OR user = ?14)
    AND (?15 IS NULL OR key = ?15)
    AND (?16 IS NULL OR model = ?16)
    AND (?17 IS NULL OR provider = ?17)
    AND (?18 IS NULL OR outcome = ?18)
GROUP BY 1
HAVING sum(attempts) > 0
ORDER BY 1;
