-- Why: the folder of a run lies beside the store and bears the run's uid. As an absolute path it led a copied or moved
-- store to the folders of the original.
UPDATE artifact SET path = substr(path, length(run.dir) + 2)
FROM run WHERE artifact.run = run.id AND substr(artifact.path, 1, length(run.dir) + 1) = run.dir || '/';
ALTER TABLE run DROP COLUMN dir;
