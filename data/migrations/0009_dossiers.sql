-- A key of a dossier belongs to that dossier: what it means in a server is kept here, so that two dossiers with one key
-- have two records. Until now it was the slug of the record itself.

CREATE TABLE dossier (
    guild_id INTEGER NOT NULL REFERENCES guild (guild_id) ON DELETE CASCADE,
    slug TEXT NOT NULL,                          -- its key, as its file and its updates have it
    name TEXT NOT NULL,
    newest TEXT CHECK (newest IS NULL OR json_valid(newest)),        -- the newest date of its facts; none: all undated
    loaded_at TEXT NOT NULL,                     -- when loading it last changed something
    loaded_by INTEGER REFERENCES person (id),
    unloaded_at TEXT,                            -- none: it is loaded
    PRIMARY KEY (guild_id, slug)
) STRICT, WITHOUT ROWID;

CREATE TABLE dossier_record (
    guild_id INTEGER NOT NULL,
    dossier TEXT NOT NULL,                       -- its slug
    key TEXT NOT NULL,                           -- of the record, in the file of the dossier
    record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    chosen TEXT NOT NULL                         -- made for the dossier; found by its names; named by the file as existing
        CHECK (chosen IN ('new', 'shared', 'existing')),
    PRIMARY KEY (guild_id, dossier, key),
    FOREIGN KEY (guild_id, dossier) REFERENCES dossier (guild_id, slug) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX dossier_record_of_record ON dossier_record (record_id);

-- The titles of files were not stored. But for the one that came with the first release, the key stands in for the name
-- until the file is loaded again.
INSERT INTO dossier (guild_id, slug, name, newest, loaded_at, loaded_by)
SELECT u.guild_id, u.dossier,
    CASE u.dossier WHEN 'india-us-2plus2-2023' THEN 'India–U.S. 2+2 talks, 10 November 2023' ELSE u.dossier END,
    (SELECT json_object('precision', f.precision, 'first', f.fact_from, 'last', f.fact_to) FROM ledger f
     WHERE f.guild_id = u.guild_id AND f.dossier = u.dossier AND f.origin = 'dossier' AND f.action = 'set'
     AND f.fact_from IS NOT NULL AND f.field NOT IN ('name', 'alias', 'topic', 'checked', 'type', 'org_type',
         'place_type', 'deal_type', 'doc_type', 'form', 'item_kind', 'basis', 'zone')
     AND NOT EXISTS (SELECT 1 FROM ledger w WHERE w.replaces = f.id)
     ORDER BY coalesce(f.fact_to, f.fact_from) DESC, f.id DESC LIMIT 1),
    u.entered_at, u.person_id
FROM ledger u WHERE u.id IN (
    SELECT max(id) FROM ledger WHERE origin = 'dossier' AND dossier <> '' GROUP BY guild_id, dossier);

INSERT INTO dossier_record (guild_id, dossier, key, record_id, chosen)
SELECT DISTINCT u.guild_id, u.dossier, r.slug, r.id, 'new'
FROM ledger u JOIN record r ON r.id = u.record_id WHERE u.origin = 'dossier' AND u.dossier <> '';
