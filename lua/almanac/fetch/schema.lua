-- The tables of a fetch: what is wanted, what was found in Alma, and what of it is on the disk. The file stands beside the
-- folder (FOLDER.fetch), so that the folder holds nothing but what was fetched. It is how a fetch goes on, and what a later
-- one compares with (--since).
return [[
CREATE TABLE meta(
  key   TEXT PRIMARY KEY,     -- titles, layout, usage, recipe, institution, environment, since, created, …
  value TEXT
) WITHOUT ROWID;

CREATE TABLE title(
  id         INTEGER PRIMARY KEY,
  mms_id     TEXT NOT NULL UNIQUE,
  title      TEXT,
  state      TEXT NOT NULL,   -- open | read | same (as in the fetch before) | gone (Alma knows none) | failed
  message    TEXT,            -- why it failed
  format     TEXT,            -- as Alma names it: marc21, dc, …
  modified   TEXT,            -- last_modified_date of the record
  suppressed INTEGER NOT NULL DEFAULT 0,
  mark       TEXT             -- SHA-256 of the record
);
CREATE INDEX title_state ON title(state, id);

CREATE TABLE representation(
  title_id   INTEGER NOT NULL REFERENCES title(id),
  rep_id     TEXT NOT NULL,
  usage_type TEXT,
  label      TEXT,
  library    TEXT,
  remote     INTEGER NOT NULL DEFAULT 0,
  modified   TEXT,            -- last_modified_date
  mark       TEXT NOT NULL,   -- SHA-256 of all that Alma says of it and its files
  PRIMARY KEY(title_id, rep_id)
) WITHOUT ROWID;

CREATE TABLE file(
  id       INTEGER PRIMARY KEY,
  title_id INTEGER NOT NULL REFERENCES title(id),
  kind     TEXT NOT NULL,     -- record | representation | file
  rep_id   TEXT,              -- of a representation or file
  pid      TEXT,              -- of a file
  name     TEXT,              -- as Alma keeps it
  label    TEXT,
  place    TEXT,              -- its key in the storage
  size     INTEGER,           -- bytes: that Alma tells, and once it is here, that it has
  path     TEXT UNIQUE,       -- below the folder; NULL: it gets none
  folded   TEXT UNIQUE,       -- the path as disks compare it that know no case
  state    TEXT NOT NULL,     -- open | done | same (as in the fetch before) | left (out, by the recipe) | refused (no name) | gone | failed
  sha256   TEXT,              -- hex, of what is on the disk
  md5      TEXT,
  synced   INTEGER NOT NULL DEFAULT 0, -- 1: it is on the disk for certain, whatever becomes of the machine; 2: soon
  message  TEXT,              -- why it failed or was refused
  UNIQUE(title_id, pid)
);
CREATE INDEX file_open ON file(title_id) WHERE state = 'open';
]]
