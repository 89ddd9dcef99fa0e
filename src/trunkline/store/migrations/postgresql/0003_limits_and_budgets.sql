-- compatible: 2
-- The shared books of limits: see `trunkline.limits.books`. All times are Unix time, milliseconds.

-- Rates and requests under way, where no Valkey keeps them.
CREATE TABLE limit_meters (
    id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    books  TEXT COLLATE "C" NOT NULL,            -- a JSON object: what was used by slot, what is lent by process
    ends   BIGINT  NOT NULL             -- from then on nothing in it counts
);

-- Who was lent something of these, and until when.
CREATE TABLE limit_holders (
    holder  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ends    BIGINT  NOT NULL,
    number  BIGINT  NOT NULL,           -- of its last batch
    reply   BYTEA   NOT NULL            -- to that
);

-- What was spent of each budget in each of its periods; nano-dollars.
CREATE TABLE budgets (
    id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    spent  BIGINT  NOT NULL
);

-- What of it is lent to a process: spent, as long as nobody knows better.
CREATE TABLE budget_leases (
    budget  TEXT COLLATE "C" NOT NULL,
    holder  TEXT COLLATE "C" NOT NULL,
    amount  BIGINT  NOT NULL CHECK (amount > 0),
    PRIMARY KEY (budget, holder)
);

CREATE INDEX budget_leases_by_holder ON budget_leases (holder);

CREATE TABLE budget_holders (
    holder  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number  BIGINT  NOT NULL,
    reply   BYTEA   NOT NULL,
    seen    BIGINT  NOT NULL,           -- when it was last heard of
    ends    BIGINT  NOT NULL,           -- without word, it spends nothing from then on
    fenced  BIGINT  NOT NULL DEFAULT 0  -- 1: it was given up, and what it held was settled without it
);

-- Parts of a budget at which somebody is to be told, once they are reached.
CREATE TABLE budget_alerts (
    budget   TEXT COLLATE "C" NOT NULL,
    percent  BIGINT  NOT NULL,
    reached  BIGINT  NOT NULL,
    told     BIGINT ,
    PRIMARY KEY (budget, percent)
);

-- Prepaid credit that was paid in; nano-dollars.
CREATE TABLE payments (
    reference  TEXT COLLATE "C" NOT NULL PRIMARY KEY,  -- of whoever took the payment: one that comes twice counts once
    budget     TEXT COLLATE "C" NOT NULL,
    amount     BIGINT  NOT NULL,              -- below 0 where a payment was taken back
    at         BIGINT  NOT NULL
);

CREATE INDEX payments_by_budget ON payments (budget);
