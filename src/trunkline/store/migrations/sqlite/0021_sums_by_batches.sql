-- compatible: 2
-- What the attempts add to each line that are not in the sums yet.
CREATE VIEW unsummed_figures AS SELECT * FROM tagged_figures WHERE id > (SELECT attempt FROM summed);
