-- What is known of a source, in full; better descriptions of it; and which sources turned out to be false.

ALTER TABLE source ADD COLUMN archived_url TEXT NOT NULL DEFAULT '';    -- a copy of the page in an archive
ALTER TABLE source ADD COLUMN language TEXT NOT NULL DEFAULT '';
-- A row that describes another source anew; updates go on citing the first row. The newest description is shown.
ALTER TABLE source ADD COLUMN describes INTEGER REFERENCES source (id) ON DELETE CASCADE;
ALTER TABLE source ADD COLUMN false_because TEXT NOT NULL DEFAULT '';   -- why the source is false; '': it is not
-- Of a description: who entered it and when, and the batch of withdrawals that marking the source as false entered.
ALTER TABLE source ADD COLUMN person_id INTEGER REFERENCES person (id);
ALTER TABLE source ADD COLUMN described_at TEXT;
ALTER TABLE source ADD COLUMN batch TEXT NOT NULL DEFAULT '';
CREATE INDEX source_described ON source (describes, id) WHERE describes IS NOT NULL;
CREATE INDEX source_newest ON source (guild_id, id);
