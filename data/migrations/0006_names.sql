-- Tables and columns under the names that the program has for them, and columns for what statements ask for.

-- Which kinds of records there are is known to the program alone, so that another kind needs no migration.
DROP INDEX record_by_name;
DROP INDEX record_by_stage;
ALTER TABLE record RENAME COLUMN kind TO checked_kind;
ALTER TABLE record ADD COLUMN kind TEXT NOT NULL DEFAULT '';
UPDATE record SET kind = checked_kind;
ALTER TABLE record DROP COLUMN checked_kind;
ALTER TABLE record ADD COLUMN sort_name TEXT NOT NULL DEFAULT '';   -- the name without case, by which lists are sorted
CREATE INDEX record_by_name ON record (guild_id, kind, sort_name, id) WHERE live = 1;
CREATE INDEX record_by_stage ON record (guild_id, stage, sort_name, id) WHERE live = 1 AND stage IS NOT NULL;

-- The newest day of the record that says so, so that of thousands of links the newest are read by an index.
DROP INDEX link_back;
ALTER TABLE link ADD COLUMN newest_on TEXT NOT NULL DEFAULT '';     -- '': it has no dated fact
CREATE INDEX link_back ON link (to_id, newest_on DESC, from_id, field, role);

-- A question holds what somebody asked, or what a list of records shows.
ALTER TABLE question ADD COLUMN asked TEXT;                         -- in their own words; none: a list
ALTER TABLE question ADD COLUMN times INTEGER NOT NULL DEFAULT 1;   -- how many times it was filed
ALTER TABLE question ADD COLUMN listing TEXT CHECK (listing IS NULL OR json_valid(listing));
UPDATE question SET asked = text ->> '$.asked', times = coalesce(text ->> '$.times', 1)
    WHERE json_type(text, '$.asked') = 'text';
UPDATE question SET listing = text WHERE asked IS NULL;
ALTER TABLE question DROP COLUMN text;
