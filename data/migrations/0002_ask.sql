-- What asking and a hundred thousand records need: text with filters in it, a server's own vocabulary, and how deals and
-- pending items stood in the past. All of it is derived: what this drops is written anew from the ledger at the next start.

DROP TABLE text;
-- rowid: (the ordinal of the record's newest day, 0 when none) << 40 | its id. So matches come newest first without being
-- sorted, and a period is a range of rowids.
-- tags: filters, each with the server in it. For server 1: g1 (any record), g1kdeal (kind), g1sunderreview (a deal's
-- stage), g1r45 (it names record 45 itself), g1o (a pending item that is open, a deal that waits for an approval).
-- name: the words of its name and aliases. body: the words of all its other facts.
-- The default tokenizer splits Devanagari words at their vowel signs; these categories keep them whole.
-- Without an index of beginnings an unfinished word of one or two letters reads the postings of thousands of words.
CREATE VIRTUAL TABLE text USING fts5 (
    tags, name, body, tokenize = "unicode61 categories 'L* N* Co Mn Mc'", prefix = '1 2 3'
);
ALTER TABLE record ADD COLUMN text_id INTEGER;   -- its row in text; none while it is not live

DROP TABLE name;
CREATE TABLE name (
    guild_id INTEGER NOT NULL,
    norm TEXT NOT NULL,
    how INTEGER NOT NULL,                        -- 0: all of it, 1: from a later word on, 2: initials, 3: it stands for it
    record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    PRIMARY KEY (guild_id, norm, how, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_by_kind ON name (guild_id, kind, how, norm);
CREATE INDEX name_of_record ON name (record_id);

DROP TABLE spelling;
CREATE TABLE spelling (
    guild_id INTEGER NOT NULL,
    variant TEXT NOT NULL,                       -- a word as it may be mistyped: see spelling_variants
    word TEXT NOT NULL,                          -- a word that some live record of this server holds
    PRIMARY KEY (guild_id, variant, word)
) STRICT, WITHOUT ROWID;

-- How deals and pending items stood from a fact day on, in the order of fact dates: one row per change.
CREATE TABLE was (
    record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    from_on TEXT NOT NULL,                       -- '': from the undated facts on
    live INTEGER NOT NULL,
    stage TEXT,
    open INTEGER NOT NULL,
    PRIMARY KEY (record_id, from_on)
) STRICT, WITHOUT ROWID;

DROP INDEX record_by_kind;
CREATE INDEX record_by_name ON record (guild_id, kind, name COLLATE NOCASE) WHERE live = 1;
CREATE INDEX record_by_stage ON record (guild_id, stage, name COLLATE NOCASE) WHERE live = 1 AND stage IS NOT NULL;
CREATE INDEX record_newest ON record (guild_id, newest_on) WHERE live = 1;

ALTER TABLE question ADD COLUMN filed_at TEXT;   -- somebody said that the answer is not what was asked
ALTER TABLE question ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;   -- 1: the record held no answer
CREATE INDEX question_filed ON question (guild_id, filed_at) WHERE filed_at IS NOT NULL;
