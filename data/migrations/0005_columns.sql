-- What statements ask for has a column of its own. Until now some of it stood in texts that hold several things
-- ("item:45:2027-03-15:14", "not permitted: the bot lacks Send Messages there") or inside JSON.

-- What a delivery is about, by its kind. Its key only tells it from all others and is no longer read.
-- An alert is about a batch of updates.
ALTER TABLE delivery ADD COLUMN batch TEXT;
-- A digest and "Still open" are about a nominal local date.
ALTER TABLE delivery ADD COLUMN day TEXT;
-- A reminder: "before" the due date of an item (days_before, 0 on the day itself) or once it is "overdue", with the date
-- as it was when this was planned; after a "snooze"; or of one's own "words".
ALTER TABLE delivery ADD COLUMN occasion TEXT NOT NULL DEFAULT ''
    CHECK (occasion IN ('', 'before', 'overdue', 'snooze', 'words'));
ALTER TABLE delivery ADD COLUMN record_id INTEGER REFERENCES record (id) ON DELETE CASCADE;
ALTER TABLE delivery ADD COLUMN due_on TEXT;
ALTER TABLE delivery ADD COLUMN days_before INTEGER;
ALTER TABLE delivery ADD COLUMN reminder_id INTEGER;   -- no reference: what was told stays when its reminder is deleted
ALTER TABLE delivery ADD COLUMN read_to INTEGER;       -- the newest update that its destination has read once it is told
ALTER TABLE delivery ADD COLUMN with_open INTEGER NOT NULL DEFAULT 0;   -- 1: it lists what is still open, as on Mondays

UPDATE delivery SET batch = key WHERE kind = 'alert';
UPDATE delivery SET day = key
    WHERE kind IN ('digest', 'open') AND key GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]';
-- "item:<record>:<due date>:<days before, or overdue>"
UPDATE delivery SET
    record_id = (SELECT r.id FROM record r WHERE r.id = CAST(substr(key, 6) AS INTEGER)),
    due_on = substr(key, 6 + instr(substr(key, 6), ':'), 10),
    occasion = CASE WHEN key LIKE '%:overdue' THEN 'overdue' ELSE 'before' END,
    days_before = CASE WHEN key NOT LIKE '%:overdue'
        THEN CAST(substr(key, 6 + instr(substr(key, 6), ':') + 11) AS INTEGER) END
    WHERE kind = 'reminder'
    AND key GLOB 'item:[0-9]*:[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]:*';
-- "words:<reminder>:<instant>" and "snooze:<reminder>:<instant>"; the instant is when it is due.
UPDATE delivery SET occasion = 'words', reminder_id = CAST(substr(key, 7) AS INTEGER)
    WHERE kind = 'reminder' AND key GLOB 'words:[0-9]*:*';
UPDATE delivery SET occasion = 'snooze', reminder_id = CAST(substr(key, 8) AS INTEGER)
    WHERE kind = 'reminder' AND key GLOB 'snooze:[0-9]*:*';
UPDATE delivery SET read_to = payload ->> '$.to', with_open = coalesce(payload ->> '$.open', 0)
    WHERE kind IN ('digest', 'open') AND payload IS NOT NULL;
-- What is left of the payload says of which kind it is.
UPDATE delivery SET payload = CASE kind
    WHEN 'open' THEN json_object('type', 'open', 'without', json(coalesce(payload -> '$.without', '[]')))
    WHEN 'confirmation' THEN json_set(payload, '$.type', 'confirmation')
    WHEN 'notice' THEN json_set(payload, '$.type', 'notice') END
    WHERE payload IS NOT NULL;
CREATE INDEX delivery_of_item ON delivery (record_id, destination_id) WHERE record_id IS NOT NULL;
CREATE INDEX delivery_of_reminder ON delivery (reminder_id) WHERE reminder_id IS NOT NULL;

-- Why a destination is paused: as deliveries end ("not permitted"), and the reason in words where there is one.
ALTER TABLE destination ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
UPDATE destination SET
    outcome = CASE WHEN instr(reason, ': ') > 0 THEN substr(reason, 1, instr(reason, ': ') - 1) ELSE reason END,
    reason = CASE WHEN instr(reason, ': ') > 0 THEN substr(reason, instr(reason, ': ') + 2) ELSE '' END;

-- The dossier that an update came with. Nothing of what was said changes, so the guard steps aside for this one column.
ALTER TABLE ledger ADD COLUMN dossier TEXT NOT NULL DEFAULT '';
DROP TRIGGER ledger_keeps_what_was_written;
UPDATE ledger SET dossier = substr(origin_key, 1, instr(origin_key, '/') - 1) WHERE instr(origin_key, '/') > 0;
CREATE TRIGGER ledger_keeps_what_was_written BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
DROP INDEX ledger_of_origin;
CREATE INDEX ledger_of_dossier ON ledger (guild_id, dossier, record_id) WHERE dossier <> '';

-- Of pending items; derived like all else of a record, so written anew at the next start.
ALTER TABLE record ADD COLUMN item_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN basis TEXT NOT NULL DEFAULT '';    -- a source states that it is pending, or left it open
ALTER TABLE record ADD COLUMN zone TEXT;                         -- of the due date; none: the server's
ALTER TABLE record ADD COLUMN opened_by TEXT                     -- the fact that opened it, without its value; none: closed
    CHECK (opened_by IS NULL OR json_valid(opened_by));
