-- compatible: 2
-- By what the cost of an attempt was reckoned: the price list and its date, the provider's own word, or the reservation.
ALTER TABLE attempts ADD COLUMN price TEXT NOT NULL DEFAULT '';
