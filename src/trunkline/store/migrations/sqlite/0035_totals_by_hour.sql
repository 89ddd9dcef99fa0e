-- compatible: 2
-- Sums by the hour of everything together, and of each organisation, team, model, provider and outcome, so that a
-- report by the hour on one of these reads a line for each hour rather than one for each combination in it. (Keys and
-- users are nearly as many as combinations.)

-- The lines of `usage_hours` without a tag and of `markup_hours`, summed; kept up by triggers, whichever release writes
-- those. (Copying loads tables in the order of their names: this one after those, in place of what triggers made.)
CREATE TABLE usage_totals (
    scope TEXT NOT NULL,   -- 'org', 'team', …; empty for everything
    name TEXT NOT NULL,
    period INTEGER NOT NULL,   -- Unix time, seconds: the first of the hour
    requests INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    cache_write_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    cost INTEGER NOT NULL DEFAULT 0,
    unpriced INTEGER NOT NULL DEFAULT 0,
    saved INTEGER NOT NULL DEFAULT 0,
    timed INTEGER NOT NULL DEFAULT 0,
    first_bytes INTEGER NOT NULL DEFAULT 0,
    first_byte_us INTEGER NOT NULL DEFAULT 0,
    ms_10 INTEGER NOT NULL DEFAULT 0,
    ms_25 INTEGER NOT NULL DEFAULT 0,
    ms_50 INTEGER NOT NULL DEFAULT 0,
    ms_100 INTEGER NOT NULL DEFAULT 0,
    ms_150 INTEGER NOT NULL DEFAULT 0,
    ms_200 INTEGER NOT NULL DEFAULT 0,
    ms_300 INTEGER NOT NULL DEFAULT 0,
    ms_500 INTEGER NOT NULL DEFAULT 0,
    ms_700 INTEGER NOT NULL DEFAULT 0,
    ms_1000 INTEGER NOT NULL DEFAULT 0,
    ms_1500 INTEGER NOT NULL DEFAULT 0,
    ms_2000 INTEGER NOT NULL DEFAULT 0,
    ms_3000 INTEGER NOT NULL DEFAULT 0,
    ms_5000 INTEGER NOT NULL DEFAULT 0,
    ms_7000 INTEGER NOT NULL DEFAULT 0,
    ms_10000 INTEGER NOT NULL DEFAULT 0,
    ms_20000 INTEGER NOT NULL DEFAULT 0,
    ms_30000 INTEGER NOT NULL DEFAULT 0,
    ms_60000 INTEGER NOT NULL DEFAULT 0,
    ms_120000 INTEGER NOT NULL DEFAULT 0,
    markup INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (scope, name, period)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER hour_begun AFTER INSERT ON usage_hours WHEN new.tag = ''
BEGIN
    INSERT INTO usage_totals (
        scope, name, period, requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
        reasoning_tokens, cost, unpriced, saved, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150,
        ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000,
        ms_30000, ms_60000, ms_120000
    )
    SELECT
        column1, column2, new.period, new.requests, new.attempts, new.errors, new.input_tokens, new.cached_tokens,
        new.cache_write_tokens, new.output_tokens, new.reasoning_tokens, new.cost, new.unpriced, new.saved, new.timed,
        new.first_bytes, new.first_byte_us, new.ms_10, new.ms_25, new.ms_50, new.ms_100, new.ms_150, new.ms_200,
        new.ms_300, new.ms_500, new.ms_700, new.ms_1000, new.ms_1500, new.ms_2000, new.ms_3000, new.ms_5000,
        new.ms_7000, new.ms_10000, new.ms_20000, new.ms_30000, new.ms_60000, new.ms_120000
    FROM (
        VALUES ('', ''), ('org', new.org), ('team', new.team), ('model', new.model), ('provider', new.provider),
        ('outcome', new.outcome)
    )
    WHERE true
    ON CONFLICT (scope, name, period) DO UPDATE SET
        requests = requests + excluded.requests,
        attempts = attempts + excluded.attempts,
        errors = errors + excluded.errors,
        input_tokens = input_tokens + excluded.input_tokens,
        cached_tokens = cached_tokens + excluded.cached_tokens,
        cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
        output_tokens = output_tokens + excluded.output_tokens,
        reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
        cost = cost + excluded.cost,
        unpriced = unpriced + excluded.unpriced,
        saved = saved + excluded.saved,
        timed = timed + excluded.timed,
        first_bytes = first_bytes + excluded.first_bytes,
        first_byte_us = first_byte_us + excluded.first_byte_us,
        ms_10 = ms_10 + excluded.ms_10,
        ms_25 = ms_25 + excluded.ms_25,
        ms_50 = ms_50 + excluded.ms_50,
        ms_100 = ms_100 + excluded.ms_100,
        ms_150 = ms_150 + excluded.ms_150,
        ms_200 = ms_200 + excluded.ms_200,
        ms_300 = ms_300 + excluded.ms_300,
        ms_500 = ms_500 + excluded.ms_500,
        ms_700 = ms_700 + excluded.ms_700,
        ms_1000 = ms_1000 + excluded.ms_1000,
        ms_1500 = ms_1500 + excluded.ms_1500,
        ms_2000 = ms_2000 + excluded.ms_2000,
        ms_3000 = ms_3000 + excluded.ms_3000,
        ms_5000 = ms_5000 + excluded.ms_5000,
        ms_7000 = ms_7000 + excluded.ms_7000,
        ms_10000 = ms_10000 + excluded.ms_10000,
        ms_20000 = ms_20000 + excluded.ms_20000,
        ms_30000 = ms_30000 + excluded.ms_30000,
        ms_60000 = ms_60000 + excluded.ms_60000,
        ms_120000 = ms_120000 + excluded.ms_120000;
END;

CREATE TRIGGER hour_changed AFTER UPDATE ON usage_hours WHEN new.tag = ''
BEGIN
    INSERT INTO usage_totals (
        scope, name, period, requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
        reasoning_tokens, cost, unpriced, saved, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150,
        ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000,
        ms_30000, ms_60000, ms_120000
    )
    SELECT
        column1, column2, new.period, new.requests - old.requests, new.attempts - old.attempts, new.errors - old.errors,
        new.input_tokens - old.input_tokens, new.cached_tokens - old.cached_tokens, new.cache_write_tokens -
        old.cache_write_tokens, new.output_tokens - old.output_tokens, new.reasoning_tokens - old.reasoning_tokens,
        new.cost - old.cost, new.unpriced - old.unpriced, new.saved - old.saved, new.timed - old.timed, new.first_bytes
        - old.first_bytes, new.first_byte_us - old.first_byte_us, new.ms_10 - old.ms_10, new.ms_25 - old.ms_25,
        new.ms_50 - old.ms_50, new.ms_100 - old.ms_100, new.ms_150 - old.ms_150, new.ms_200 - old.ms_200, new.ms_300 -
        old.ms_300, new.ms_500 - old.ms_500, new.ms_700 - old.ms_700, new.ms_1000 - old.ms_1000, new.ms_1500 -
        old.ms_1500, new.ms_2000 - old.ms_2000, new.ms_3000 - old.ms_3000, new.ms_5000 - old.ms_5000, new.ms_7000 -
        old.ms_7000, new.ms_10000 - old.ms_10000, new.ms_20000 - old.ms_20000, new.ms_30000 - old.ms_30000, new.ms_60000
        - old.ms_60000, new.ms_120000 - old.ms_120000
    FROM (
        VALUES ('', ''), ('org', new.org), ('team', new.team), ('model', new.model), ('provider', new.provider),
        ('outcome', new.outcome)
    )
    WHERE true
    ON CONFLICT (scope, name, period) DO UPDATE SET
        requests = requests + excluded.requests,
        attempts = attempts + excluded.attempts,
        errors = errors + excluded.errors,
        input_tokens = input_tokens + excluded.input_tokens,
        cached_tokens = cached_tokens + excluded.cached_tokens,
        cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
        output_tokens = output_tokens + excluded.output_tokens,
        reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
        cost = cost + excluded.cost,
        unpriced = unpriced + excluded.unpriced,
        saved = saved + excluded.saved,
        timed = timed + excluded.timed,
        first_bytes = first_bytes + excluded.first_bytes,
        first_byte_us = first_byte_us + excluded.first_byte_us,
        ms_10 = ms_10 + excluded.ms_10,
        ms_25 = ms_25 + excluded.ms_25,
        ms_50 = ms_50 + excluded.ms_50,
        ms_100 = ms_100 + excluded.ms_100,
        ms_150 = ms_150 + excluded.ms_150,
        ms_200 = ms_200 + excluded.ms_200,
        ms_300 = ms_300 + excluded.ms_300,
        ms_500 = ms_500 + excluded.ms_500,
        ms_700 = ms_700 + excluded.ms_700,
        ms_1000 = ms_1000 + excluded.ms_1000,
        ms_1500 = ms_1500 + excluded.ms_1500,
        ms_2000 = ms_2000 + excluded.ms_2000,
        ms_3000 = ms_3000 + excluded.ms_3000,
        ms_5000 = ms_5000 + excluded.ms_5000,
        ms_7000 = ms_7000 + excluded.ms_7000,
        ms_10000 = ms_10000 + excluded.ms_10000,
        ms_20000 = ms_20000 + excluded.ms_20000,
        ms_30000 = ms_30000 + excluded.ms_30000,
        ms_60000 = ms_60000 + excluded.ms_60000,
        ms_120000 = ms_120000 + excluded.ms_120000;
END;

CREATE TRIGGER markup_begun AFTER INSERT ON markup_hours WHEN new.tag = ''
BEGIN
    INSERT INTO usage_totals (scope, name, period, markup)
    SELECT column1, column2, new.period, new.markup
    FROM (
        VALUES ('', ''), ('org', new.org), ('team', new.team), ('model', new.model), ('provider', new.provider),
        ('outcome', new.outcome)
    )
    WHERE true
    ON CONFLICT (scope, name, period) DO UPDATE SET markup = markup + excluded.markup;
END;

CREATE TRIGGER markup_changed AFTER UPDATE ON markup_hours WHEN new.tag = ''
BEGIN
    INSERT INTO usage_totals (scope, name, period, markup)
    SELECT column1, column2, new.period, new.markup - old.markup
    FROM (
        VALUES ('', ''), ('org', new.org), ('team', new.team), ('model', new.model), ('provider', new.provider),
        ('outcome', new.outcome)
    )
    WHERE true
    ON CONFLICT (scope, name, period) DO UPDATE SET markup = markup + excluded.markup;
END;

-- What is there already.
WITH hours AS MATERIALIZED (  -- much fewer: of all keys and users together
    SELECT
        period, org, team, model, provider, outcome, sum(requests) AS requests, sum(attempts) AS attempts, sum(errors)
        AS errors, sum(input_tokens) AS input_tokens, sum(cached_tokens) AS cached_tokens, sum(cache_write_tokens) AS
        cache_write_tokens, sum(output_tokens) AS output_tokens, sum(reasoning_tokens) AS reasoning_tokens, sum(cost) AS
        cost, sum(unpriced) AS unpriced, sum(saved) AS saved, sum(timed) AS timed, sum(first_bytes) AS first_bytes,
        sum(first_byte_us) AS first_byte_us, sum(ms_10) AS ms_10, sum(ms_25) AS ms_25, sum(ms_50) AS ms_50, sum(ms_100)
        AS ms_100, sum(ms_150) AS ms_150, sum(ms_200) AS ms_200, sum(ms_300) AS ms_300, sum(ms_500) AS ms_500,
        sum(ms_700) AS ms_700, sum(ms_1000) AS ms_1000, sum(ms_1500) AS ms_1500, sum(ms_2000) AS ms_2000, sum(ms_3000)
        AS ms_3000, sum(ms_5000) AS ms_5000, sum(ms_7000) AS ms_7000, sum(ms_10000) AS ms_10000, sum(ms_20000) AS
        ms_20000, sum(ms_30000) AS ms_30000, sum(ms_60000) AS ms_60000, sum(ms_120000) AS ms_120000
    FROM usage_hours
    WHERE tag = ''
    GROUP BY period, org, team, model, provider, outcome
), kept AS (
    SELECT '' AS scope, '' AS name, * FROM hours
    UNION ALL SELECT 'org', org, * FROM hours
    UNION ALL SELECT 'team', team, * FROM hours
    UNION ALL SELECT 'model', model, * FROM hours
    UNION ALL SELECT 'provider', provider, * FROM hours
    UNION ALL SELECT 'outcome', outcome, * FROM hours
)
INSERT INTO usage_totals (
    scope, name, period, requests, attempts, errors, input_tokens, cached_tokens, cache_write_tokens, output_tokens,
    reasoning_tokens, cost, unpriced, saved, timed, first_bytes, first_byte_us, ms_10, ms_25, ms_50, ms_100, ms_150,
    ms_200, ms_300, ms_500, ms_700, ms_1000, ms_1500, ms_2000, ms_3000, ms_5000, ms_7000, ms_10000, ms_20000, ms_30000,
    ms_60000, ms_120000
)
SELECT
    scope, name, period, sum(requests), sum(attempts), sum(errors), sum(input_tokens), sum(cached_tokens),
    sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens), sum(cost), sum(unpriced), sum(saved),
    sum(timed), sum(first_bytes), sum(first_byte_us), sum(ms_10), sum(ms_25), sum(ms_50), sum(ms_100), sum(ms_150),
    sum(ms_200), sum(ms_300), sum(ms_500), sum(ms_700), sum(ms_1000), sum(ms_1500), sum(ms_2000), sum(ms_3000),
    sum(ms_5000), sum(ms_7000), sum(ms_10000), sum(ms_20000), sum(ms_30000), sum(ms_60000), sum(ms_120000)
FROM kept
GROUP BY scope, name, period;

WITH kept AS (
    SELECT '' AS scope, '' AS name, period, markup FROM markup_hours WHERE tag = ''
    UNION ALL SELECT 'org', org, period, markup FROM markup_hours WHERE tag = ''
    UNION ALL SELECT 'team', team, period, markup FROM markup_hours WHERE tag = ''
    UNION ALL SELECT 'model', model, period, markup FROM markup_hours WHERE tag = ''
    UNION ALL SELECT 'provider', provider, period, markup FROM markup_hours WHERE tag = ''
    UNION ALL SELECT 'outcome', outcome, period, markup FROM markup_hours WHERE tag = ''
)
INSERT INTO usage_totals (scope, name, period, markup)
SELECT scope, name, period, sum(markup) FROM kept WHERE true GROUP BY scope, name, period
ON CONFLICT (scope, name, period) DO UPDATE SET markup = excluded.markup;
