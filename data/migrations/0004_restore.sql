-- After a restore a message may have been sent before it without a trace that the bot can read: somebody decides then.
-- And messages keep their order: one that is tried again holds up those after it, unless it may be passed.

ALTER TABLE delivery ADD COLUMN held TEXT NOT NULL DEFAULT ''
    CHECK (held IN ('', 'held', 'released'));    -- held: it waits for somebody's word; released: they said to send it
CREATE INDEX delivery_held ON delivery (guild_id, destination_id) WHERE held = 'held';
ALTER TABLE delivery ADD COLUMN passed INTEGER NOT NULL DEFAULT 0;   -- 1: later ones go while it waits for its next try
