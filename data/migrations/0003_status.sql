-- What lists say beside a record's name keeps the facts it states, so that each has its own day and source where it
-- is shown. All of this is derived: it is written anew from the ledger when the program starts.

ALTER TABLE record ADD COLUMN status TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(status));   -- texts with their facts
ALTER TABLE record DROP COLUMN headline;
ALTER TABLE link ADD COLUMN fact TEXT NOT NULL                  -- the fact that makes the link, without its value
    DEFAULT '{"value":null,"date":{"precision":"unknown"},"update":0,"source":0}' CHECK (json_valid(fact));
