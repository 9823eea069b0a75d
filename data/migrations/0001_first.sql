-- The first schema. Instants are UTC text of one fixed width ("2026-01-31T09:00:00.000Z"), so that they sort;
-- calendar dates are ISO text. JSON is TEXT with json_valid: STRICT tables know no JSON type.

CREATE TABLE person (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER UNIQUE,                      -- emptied when someone asks to be forgotten
    zone TEXT,
    dm_channel_id INTEGER
) STRICT;

CREATE TABLE desk (
    guild_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    zone TEXT NOT NULL DEFAULT 'UTC',
    channel_id INTEGER,
    editor_role_id INTEGER,
    owner_id INTEGER NOT NULL,
    set_up_at TEXT,
    set_up_by INTEGER REFERENCES person (id),
    greeted_at TEXT,
    left_at TEXT,
    alerted_to INTEGER NOT NULL DEFAULT 0        -- the newest update that alerts have read
) STRICT;

CREATE TABLE source (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL REFERENCES desk (guild_id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    publisher TEXT NOT NULL DEFAULT '',
    published_on TEXT CHECK (published_on IS NULL OR json_valid(published_on)),
    url TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX source_of_desk ON source (guild_id, title);

CREATE TABLE record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL REFERENCES desk (guild_id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('deal', 'participant', 'place', 'dialogue', 'session', 'document', 'topic',
                                       'statement', 'event', 'pending')),
    slug TEXT NOT NULL,
    -- All below is the fold of the record's updates, written anew with each append.
    live INTEGER NOT NULL DEFAULT 0,             -- 0 when every update that named it is withdrawn
    name TEXT NOT NULL DEFAULT '',
    stage TEXT,
    headline TEXT NOT NULL DEFAULT '',           -- what lists say beside the name, such as a deal's stage
    open INTEGER NOT NULL DEFAULT 0,             -- a pending item that still waits
    due_on TEXT,
    due_sureness TEXT,
    newest_on TEXT,
    state TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(state)),
    UNIQUE (guild_id, slug)
) STRICT;
CREATE INDEX record_by_kind ON record (guild_id, kind, live, name);
CREATE INDEX record_open ON record (guild_id, due_on) WHERE open = 1;

CREATE TABLE ledger (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL REFERENCES desk (guild_id) ON DELETE CASCADE,
    record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    action TEXT NOT NULL CHECK (action IN ('set', 'withdrawn')),
    field TEXT NOT NULL,
    value TEXT NOT NULL CHECK (json_valid(value)),
    fact_from TEXT,
    fact_to TEXT,
    precision TEXT NOT NULL CHECK (precision IN ('day', 'month', 'year', 'range', 'open', 'unknown')),
    worked_out INTEGER NOT NULL DEFAULT 0,
    printed TEXT NOT NULL DEFAULT '',
    entered_at TEXT NOT NULL,
    person_id INTEGER REFERENCES person (id),
    source_id INTEGER NOT NULL REFERENCES source (id),
    locator TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    replaces INTEGER REFERENCES ledger (id),
    batch TEXT NOT NULL,                         -- updates saved by one act share it
    origin TEXT NOT NULL CHECK (origin IN ('editor', 'dossier')),
    origin_key TEXT NOT NULL DEFAULT '',
    CHECK (action = 'set' OR replaces IS NOT NULL)
) STRICT;
CREATE INDEX ledger_of_record ON ledger (record_id, id);
CREATE INDEX ledger_of_desk ON ledger (guild_id, id);
CREATE INDEX ledger_of_batch ON ledger (batch);
CREATE INDEX ledger_of_origin ON ledger (guild_id, origin_key) WHERE origin_key <> '';
CREATE INDEX ledger_of_source ON ledger (source_id);
CREATE INDEX ledger_of_person ON ledger (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX ledger_replaces ON ledger (replaces) WHERE replaces IS NOT NULL;
CREATE TRIGGER ledger_keeps_what_was_written BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- Derived: rebuilt from the fold of one record with each append to it.
-- The columns of the key come first: before SQLite 3.41 its integrity check calls sound rows damaged otherwise.
CREATE TABLE link (
    from_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    field TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT '',
    to_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    PRIMARY KEY (from_id, field, to_id, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_back ON link (to_id, field, from_id);

CREATE TABLE name (
    guild_id INTEGER NOT NULL,
    norm TEXT NOT NULL,                          -- the name from one of its words on
    record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,                      -- 0: the whole name
    PRIMARY KEY (guild_id, norm, record_id, start)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_of_record ON name (record_id);

CREATE TABLE spelling (
    guild_id INTEGER NOT NULL,
    variant TEXT NOT NULL,                       -- a word, and the word with each one of its letters left out
    word TEXT NOT NULL,
    record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    PRIMARY KEY (guild_id, variant, word, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX spelling_of_record ON spelling (record_id);

-- The default tokenizer splits Devanagari words at their vowel signs; these categories keep them whole.
CREATE VIRTUAL TABLE text USING fts5 (desk, body, tokenize = "unicode61 categories 'L* N* Co Mn Mc'");

CREATE TABLE draft (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL REFERENCES desk (guild_id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL REFERENCES person (id),
    task TEXT NOT NULL CHECK (json_valid(task)),            -- what is to be changed
    typed TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(typed)),   -- what was typed, kept word for word
    base INTEGER NOT NULL DEFAULT 0,                        -- the newest update of the record that the preview knew
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'saved', 'dropped')),
    batch TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    saved_at TEXT
) STRICT;
CREATE INDEX draft_of_person ON draft (person_id, guild_id, id);

CREATE TABLE question (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL REFERENCES desk (guild_id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL REFERENCES person (id),
    text TEXT NOT NULL CHECK (json_valid(text)),
    asked_at TEXT NOT NULL
) STRICT;
CREATE INDEX question_of_desk ON question (guild_id, asked_at);

-- Outbound: where messages go, why, and what became of each.
CREATE TABLE destination (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL REFERENCES desk (guild_id) ON DELETE CASCADE,
    channel_id INTEGER,
    person_id INTEGER REFERENCES person (id),
    zone TEXT,                                   -- none: the person's, else the server's
    digest_at TEXT,                              -- local wall time "09:00"; none: no digest
    digest_days TEXT NOT NULL DEFAULT '12345',   -- ISO weekdays
    digested_to INTEGER NOT NULL DEFAULT 0,      -- the newest update that a digest has read
    digests_sent INTEGER NOT NULL DEFAULT 0,
    mondays INTEGER NOT NULL DEFAULT 0,          -- how many "Still open" were sent; every fourth is in full
    hour_on TEXT,                                -- the nominal local date of the last hour that was planned
    next_hour_at TEXT,                           -- the next instant at which its hour falls; none: nothing falls here
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
    reason TEXT NOT NULL DEFAULT '',
    set_up_by INTEGER REFERENCES person (id),
    created_at TEXT NOT NULL,
    CHECK ((channel_id IS NULL) <> (person_id IS NULL)),
    UNIQUE (guild_id, channel_id),
    UNIQUE (guild_id, person_id)
) STRICT;
CREATE INDEX destination_hour ON destination (next_hour_at) WHERE state = 'active' AND next_hour_at IS NOT NULL;
CREATE INDEX destination_of_person ON destination (person_id) WHERE person_id IS NOT NULL;

CREATE TABLE follow (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id INTEGER NOT NULL REFERENCES destination (id) ON DELETE CASCADE,
    record_id INTEGER REFERENCES record (id) ON DELETE CASCADE,  -- none: everything
    at_once INTEGER NOT NULL DEFAULT 1,
    muted INTEGER NOT NULL DEFAULT 0,
    role_id INTEGER,
    since INTEGER NOT NULL,                      -- the newest update when the follow began
    created_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX follow_once ON follow (destination_id, ifnull(record_id, 0));
CREATE INDEX follow_of_record ON follow (record_id, destination_id);

CREATE TABLE reminder (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id INTEGER NOT NULL REFERENCES destination (id) ON DELETE CASCADE,
    record_id INTEGER REFERENCES record (id) ON DELETE CASCADE,
    words TEXT NOT NULL DEFAULT '',
    at TEXT,                                     -- of one's own words only; an item's times come from the item
    done_at TEXT,                                -- when its own words were handed to a delivery
    muted INTEGER NOT NULL DEFAULT 0,
    snoozed_until TEXT,
    created_by INTEGER REFERENCES person (id),
    created_at TEXT NOT NULL,
    CHECK ((record_id IS NULL) = (at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX reminder_once ON reminder (destination_id, record_id) WHERE record_id IS NOT NULL;
CREATE INDEX reminder_of_destination ON reminder (destination_id);
CREATE INDEX reminder_of_record ON reminder (record_id) WHERE record_id IS NOT NULL;
CREATE INDEX reminder_due ON reminder (at) WHERE done_at IS NULL AND at IS NOT NULL;
CREATE INDEX reminder_snoozed ON reminder (snoozed_until) WHERE snoozed_until IS NOT NULL;

CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL REFERENCES desk (guild_id) ON DELETE CASCADE,
    destination_id INTEGER NOT NULL REFERENCES destination (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('alert', 'reminder', 'open', 'digest', 'confirmation', 'notice')),
    key TEXT NOT NULL,
    due_at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'claimed', 'settled')),
    tries INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0,          -- 1: what became of the last try is not known, so look before sending
    plain INTEGER NOT NULL DEFAULT 0,            -- 1: Discord refused the message as drawn; plain text is next
    first_tried_at TEXT,
    next_try_at TEXT NOT NULL,
    nonce TEXT NOT NULL UNIQUE,                  -- random: row ids come again after a restored backup
    payload TEXT CHECK (payload IS NULL OR json_valid(payload)),  -- emptied when settled
    outcome TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    channel_id INTEGER,
    message_id INTEGER,
    settled_at TEXT,
    UNIQUE (destination_id, kind, key)
) STRICT;
CREATE INDEX delivery_due ON delivery (next_try_at) WHERE state = 'planned';
CREATE INDEX delivery_claimed ON delivery (id) WHERE state = 'claimed';
CREATE INDEX delivery_waiting ON delivery (destination_id, due_at, id) WHERE state <> 'settled';
CREATE INDEX delivery_settled ON delivery (settled_at) WHERE state = 'settled';
CREATE INDEX delivery_of_desk ON delivery (guild_id, id);

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
