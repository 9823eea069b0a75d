-- Corrections and withdrawals: what an editor is about to correct, and which updates rest on which.

-- The update whose value the form of this update started with; none: the form was empty, or no form was used.
ALTER TABLE ledger ADD COLUMN started_from INTEGER REFERENCES ledger (id);
CREATE INDEX ledger_started_from ON ledger (started_from) WHERE started_from IS NOT NULL;

-- The record that this one is a duplicate of. Derived from its updates of the field merged_into, which no kind has.
ALTER TABLE record ADD COLUMN merged_into INTEGER REFERENCES record (id);
CREATE INDEX record_merged_into ON record (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX ledger_of_merges ON ledger (guild_id) WHERE field = 'merged_into';

CREATE TABLE correction (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL REFERENCES guild (guild_id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL REFERENCES person (id),
    task TEXT NOT NULL CHECK (json_valid(task)),                  -- which updates are corrected or withdrawn
    typed TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(typed)),   -- what was typed, kept word for word
    base INTEGER NOT NULL DEFAULT 0,                              -- the newest update that the preview knew
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'saved', 'dropped')),
    batch TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    saved_at TEXT
) STRICT;
CREATE INDEX correction_of_person ON correction (person_id, guild_id, id);
CREATE INDEX correction_of_guild ON correction (guild_id, batch);
