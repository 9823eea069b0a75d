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

-- A server is a guild, as Discord and the program call it.
ALTER TABLE desk RENAME TO guild;
DROP INDEX source_of_desk;
CREATE INDEX source_of_guild ON source (guild_id, title);
DROP INDEX ledger_of_desk;
CREATE INDEX ledger_of_guild ON ledger (guild_id, id);
DROP INDEX question_of_desk;
CREATE INDEX question_of_guild ON question (guild_id, asked_at);
DROP INDEX delivery_of_desk;
CREATE INDEX delivery_of_guild ON delivery (guild_id, id);

-- What is derived is written anew at the next start.
DROP TABLE was;
-- How deals and pending items stood from a fact day on, in the order of fact dates: one row per change.
CREATE TABLE state_history (
    record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    from_on TEXT NOT NULL,                       -- '': from the undated facts on
    live INTEGER NOT NULL,
    stage TEXT,
    open INTEGER NOT NULL,
    PRIMARY KEY (record_id, from_on)
) STRICT, WITHOUT ROWID;

DROP TABLE text;
-- rowid: (the ordinal of the record's newest day, 0 when none) << 40 | its id. So matches come newest first without being
-- sorted, and a period is a range of rowids.
-- tags: filters, each with the server in it. For server 1: g1 (any record), g1kdeal (kind), g1sunderreview (a deal's
-- stage), g1r45 (it names record 45 itself), g1o (a pending item that is open, a deal that waits for an approval).
-- name: the words of its name and aliases. body: the words of all its other facts.
-- The default tokenizer splits Devanagari words at their vowel signs; these categories keep them whole.
-- Without an index of beginnings an unfinished word of one or two letters reads the postings of thousands of words.
CREATE VIRTUAL TABLE search_index USING fts5 (
    tags, name, body, tokenize = "unicode61 categories 'L* N* Co Mn Mc'", prefix = '1 2 3'
);
ALTER TABLE record RENAME COLUMN text_id TO search_id;           -- its row in search_index; none while it is not live

DROP TABLE name;
CREATE TABLE name (
    guild_id INTEGER NOT NULL,
    norm TEXT NOT NULL,
    match_kind INTEGER NOT NULL,                 -- 0: all of it, 1: from a later word on, 2: initials, 3: it stands for it
    record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    PRIMARY KEY (guild_id, norm, match_kind, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_by_kind ON name (guild_id, kind, match_kind, norm);
CREATE INDEX name_of_record ON name (record_id);

-- The delivery time of a destination: the local date whose delivery was planned last, and when the next one is.
DROP INDEX destination_hour;
ALTER TABLE destination RENAME COLUMN hour_on TO planned_on;
ALTER TABLE destination RENAME COLUMN next_hour_at TO next_delivery_at;
CREATE INDEX destination_next_delivery ON destination (next_delivery_at)
    WHERE state = 'active' AND next_delivery_at IS NOT NULL;

DROP INDEX follow_once;
CREATE UNIQUE INDEX follow_once ON follow (destination_id, coalesce(record_id, 0));
