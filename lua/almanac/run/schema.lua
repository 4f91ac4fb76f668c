-- The tables of a run file. Everything a run knows is here: who planned what
-- with which rules, what Alma answered, what was decided, and every step.
return [[
CREATE TABLE meta(
  key   TEXT PRIMARY KEY,     -- recipe, args, institution, url, folder, user, created, …
  value TEXT
) WITHOUT ROWID;

CREATE TABLE title(
  id      INTEGER PRIMARY KEY,
  mms_id  TEXT NOT NULL UNIQUE,
  title   TEXT,
  reading TEXT,               -- JSON: the representations and files Alma gave; NULL: not read
  state   TEXT NOT NULL,      -- ready ask skip | uploading … attached verified failed undone
  reason  TEXT                -- in words, for everything but ready
);
CREATE INDEX title_state ON title(state);

CREATE TABLE file(
  id       INTEGER PRIMARY KEY,
  path     TEXT NOT NULL UNIQUE,   -- below meta.folder
  name     TEXT NOT NULL,
  size     INTEGER,                -- bytes
  mtime_ns INTEGER,
  sha256   TEXT,                   -- hex; set when the file is read for its upload
  problem  TEXT,                   -- why it can't be used, in words
  reason   TEXT                    -- why no title took it, in words
);

CREATE TABLE title_key(
  key TEXT NOT NULL, title_id INTEGER NOT NULL REFERENCES title(id),
  PRIMARY KEY(key, title_id)
) WITHOUT ROWID;

CREATE TABLE file_key(
  key TEXT NOT NULL, file_id INTEGER NOT NULL REFERENCES file(id), page,
  PRIMARY KEY(key, file_id)
) WITHOUT ROWID;

CREATE TABLE change(
  id                INTEGER PRIMARY KEY,
  title_id          INTEGER NOT NULL REFERENCES title(id),
  seq               INTEGER NOT NULL,
  kind              TEXT NOT NULL,  -- add.representation
  spec              TEXT NOT NULL,  -- JSON: usage_type, library, label, public_note, collection, …
  representation_id TEXT            -- once it is made
);
CREATE INDEX change_title ON change(title_id, seq);

CREATE TABLE page(
  change_id  INTEGER NOT NULL REFERENCES change(id),
  seq        INTEGER NOT NULL,      -- page order, from 1
  file_id    INTEGER NOT NULL REFERENCES file(id),
  upload_key TEXT NOT NULL,         -- {INST}/upload/…
  pid        TEXT,                  -- Alma's file id, once it is attached
  PRIMARY KEY(change_id, seq)
) WITHOUT ROWID;
CREATE INDEX page_file ON page(file_id);

CREATE TABLE step(
  id       INTEGER PRIMARY KEY,
  title_id INTEGER NOT NULL REFERENCES title(id),
  change   INTEGER NOT NULL,        -- change.seq
  kind     TEXT NOT NULL,           -- upload collect represent attach single undo
  page     INTEGER NOT NULL,        -- page.seq, 0 when the step is of the whole change
  state    TEXT NOT NULL,           -- intent done
  sent     INTEGER NOT NULL DEFAULT 1,   -- how often the call may have been made
  before   TEXT,                    -- JSON: what was there before the call
  result   TEXT,                    -- JSON: what the call gave
  begun    REAL, ended REAL,        -- seconds since 1970
  UNIQUE(title_id, change, kind, page)
);

CREATE TABLE tally(                 -- calls to Alma, every try counted
  command TEXT NOT NULL, method TEXT NOT NULL, calls INTEGER NOT NULL,
  PRIMARY KEY(command, method)
) WITHOUT ROWID;

CREATE TABLE session(               -- a command that worked on this file
  id INTEGER PRIMARY KEY, command TEXT NOT NULL, arguments TEXT NOT NULL,
  began REAL NOT NULL, ended REAL,  -- seconds since 1970; not ended: killed
  user TEXT, host TEXT, pid INTEGER, version TEXT, url TEXT
);

CREATE TABLE route(                 -- what was called: paths with {} for ids
  id INTEGER PRIMARY KEY, method TEXT NOT NULL, path TEXT NOT NULL, UNIQUE(method, path)
);

CREATE TABLE call(                  -- calls to Alma, packed: see almanac.run.audit
  id INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session(id),
  at REAL NOT NULL, lines TEXT NOT NULL
);

CREATE TABLE problem(               -- what belongs to no row: broken set members, unreadable folders
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL
);
]]
