-- compatible: 2
-- The shared books of limits: see `trunkline.limits.books`. All times are Unix time, milliseconds.

-- Rates and requests under way, where no Valkey keeps them.
CREATE TABLE limit_meters (
    id     TEXT    NOT NULL PRIMARY KEY,
    books  TEXT    NOT NULL,            -- a JSON object: what was used by slot, what is lent by process
    ends   INTEGER NOT NULL             -- from then on nothing in it counts
) WITHOUT ROWID;

-- Who was lent something of these, and until when.
CREATE TABLE limit_holders (
    holder  TEXT    NOT NULL PRIMARY KEY,
    ends    INTEGER NOT NULL,
    number  INTEGER NOT NULL,           -- of its last batch
    reply   BLOB    NOT NULL            -- to that
) WITHOUT ROWID;

-- What was spent of each budget in each of its periods; nano-dollars.
CREATE TABLE budgets (
    id     TEXT    NOT NULL PRIMARY KEY,
    spent  INTEGER NOT NULL
) WITHOUT ROWID;

-- What of it is lent to a process: spent, as long as nobody knows better.
CREATE TABLE budget_leases (
    budget  TEXT    NOT NULL,
    holder  TEXT    NOT NULL,
    amount  INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (budget, holder)
) WITHOUT ROWID;

CREATE INDEX budget_leases_by_holder ON budget_leases (holder);

CREATE TABLE budget_holders (
    holder  TEXT    NOT NULL PRIMARY KEY,
    number  INTEGER NOT NULL,
    reply   BLOB    NOT NULL,
    seen    INTEGER NOT NULL,           -- when it was last heard of
    ends    INTEGER NOT NULL,           -- without word, it spends nothing from then on
    fenced  INTEGER NOT NULL DEFAULT 0  -- 1: it was given up, and what it held was settled without it
) WITHOUT ROWID;

-- Parts of a budget at which somebody is to be told, once they are reached.
CREATE TABLE budget_alerts (
    budget   TEXT    NOT NULL,
    percent  INTEGER NOT NULL,
    reached  INTEGER NOT NULL,
    told     INTEGER,
    PRIMARY KEY (budget, percent)
) WITHOUT ROWID;

-- Prepaid credit that was paid in; nano-dollars.
CREATE TABLE payments (
    reference  TEXT    NOT NULL PRIMARY KEY,  -- of whoever took the payment: one that comes twice counts once
    budget     TEXT    NOT NULL,
    amount     INTEGER NOT NULL,              -- below 0 where a payment was taken back
    at         INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX payments_by_budget ON payments (budget);
