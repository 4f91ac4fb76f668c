-- The tables of a run file. Everything a run knows is here: who planned what
-- with which rules, what Alma answered, what was decided, and every step. A run
-- may have a hundred thousand titles, so what follows from something else is not kept.
--
-- This is format 4 (2: compact, 3: thumbnails, 4: reasons as codes). The rule for
-- later formats: a change that an almanac of today can't read, or would read wrongly, is a
-- new format, with the next number. A new table, or a column that may be empty, is not.
-- Every almanac opens files of the formats from 3 on: almanac.run.migration brings
-- them to the newest one, format by format, and keeps the old file beside. What a
-- step of it reads is frozen with it (almanac.run.older_reasons), and a spec holds a
-- file of each format as it was made then (spec/fixtures/run-v3.sql).
return [[
CREATE TABLE meta(
  key   TEXT PRIMARY KEY,     -- recipe, args, institution, url, folder, user, created, …
  value TEXT
) WITHOUT ROWID;

CREATE TABLE title(
  id      INTEGER PRIMARY KEY,
  mms_id  TEXT NOT NULL UNIQUE,
  title   TEXT,
  reading TEXT,               -- what Alma holds, see almanac.reading; NULL: not read
  state   TEXT NOT NULL,      -- see almanac.run.states
  reason_code TEXT,           -- why it is in that state, see almanac.run.reasons
  reason_data TEXT            -- JSON: what that is about; NULL: nothing
);

CREATE TABLE detail(                -- of titles whose recipe reads more (`reads`); else empty
  title_id INTEGER PRIMARY KEY REFERENCES title(id),
  record   TEXT,                    -- ISO 2709 or XML
  items    TEXT,                    -- JSON: a list of physical items
  rows     TEXT                     -- JSON: the title's rows of the list that it came from
);

CREATE TABLE file(
  id       INTEGER PRIMARY KEY,
  path     TEXT NOT NULL UNIQUE,   -- below meta.folder
  size     INTEGER,                -- bytes
  mtime_ns INTEGER,
  mark     INTEGER,                -- of its beginning and end, see core.files.mark; NULL: not looked into
  sha256   TEXT,                   -- hex; set when the file is read for its upload
  problem  TEXT,                   -- why it can't be used, in words
  reason_code TEXT,                -- why no title took it, see almanac.run.reasons
  reason_data TEXT                 -- JSON
);

CREATE TABLE sidecar(               -- files that said what others are, when the recipe reads such; else empty
  path    TEXT PRIMARY KEY,         -- below meta.folder
  sha256  TEXT,                     -- hex, of what was read
  problem TEXT                      -- why it can't be used, in words
) WITHOUT ROWID;

CREATE TABLE title_key(
  key TEXT NOT NULL, title_id INTEGER NOT NULL REFERENCES title(id),
  PRIMARY KEY(key, title_id)
) WITHOUT ROWID;

CREATE TABLE record(                -- what a source of records gave, in its order; else empty
  id          INTEGER PRIMARY KEY,
  identifier  TEXT,                 -- in the source; NULL: it has none
  datestamp   TEXT,
  deleted     INTEGER NOT NULL,     -- 1: only a header, which says that the record is deleted
  sets        TEXT,                 -- JSON: names of sets that the source has it in
  format      TEXT,                 -- marc dc mods row
  content     TEXT,                 -- ISO 2709 or XML; of a row see almanac.row; NULL: deleted, or not read
  mark        TEXT,                 -- sha256 of the content, hex
  place       TEXT,                 -- where it stands in the source, in words
  problem     TEXT,                 -- why it can't be read, in words
  title_id    INTEGER REFERENCES title(id),   -- that it goes with; NULL: none, or in doubt
  reason_code TEXT,                 -- why it goes with none, see almanac.run.reasons
  reason_data TEXT                  -- JSON
);
CREATE INDEX record_title ON record(title_id);
CREATE INDEX record_identifier ON record(identifier);

CREATE TABLE record_key(
  key TEXT NOT NULL, record_id INTEGER NOT NULL REFERENCES record(id),
  PRIMARY KEY(key, record_id)
) WITHOUT ROWID;
CREATE INDEX record_key_of ON record_key(record_id);

CREATE TABLE record_file(           -- files that a record names itself
  record_id INTEGER NOT NULL REFERENCES record(id),
  seq       INTEGER NOT NULL,
  name      TEXT NOT NULL,          -- as the recipe gives it
  file_id   INTEGER REFERENCES file(id),   -- that one; NULL: not there, or in doubt
  PRIMARY KEY(record_id, seq)
) WITHOUT ROWID;
CREATE INDEX record_file_of ON record_file(file_id);

CREATE TABLE record_last(           -- records that an earlier run had too (`plan --since`); else empty
  record_id INTEGER PRIMARY KEY REFERENCES record(id),
  mms_id    TEXT,                   -- of the title that it went with there
  finished  INTEGER NOT NULL,       -- 1: nothing was left to do for it there
  came      TEXT,                   -- this time: same changed; NULL: it did not come
  likeness  TEXT                    -- of its content without addresses and identifier, see almanac.plan.records.likeness
);

CREATE TABLE look_up(               -- titles that Alma has under a key of records
  key     TEXT PRIMARY KEY,
  mms_ids TEXT,                     -- JSON: all of them; NULL: no complete answer
  message TEXT                      -- why there is none
) WITHOUT ROWID;

CREATE TABLE file_key(
  key TEXT NOT NULL, file_id INTEGER NOT NULL REFERENCES file(id), page,
  PRIMARY KEY(key, file_id)
) WITHOUT ROWID;

CREATE TABLE thumbnail(             -- files that go with another one, as its small image
  file_id INTEGER PRIMARY KEY REFERENCES file(id),
  path    TEXT NOT NULL,            -- of that other, as the recipe names it
  suffix  TEXT NOT NULL,            -- it is uploaded by the other's name and this
  of      INTEGER REFERENCES file(id)   -- that other; NULL: not there, or in doubt
);
CREATE UNIQUE INDEX thumbnail_of ON thumbnail(of);

CREATE TABLE part(                  -- of files whose recipe says which part of the title they are; else empty
  file_id INTEGER PRIMARY KEY REFERENCES file(id),
  part    TEXT NOT NULL             -- volume, item, … in the recipe's words
);

CREATE TABLE same(                  -- files that have the same bytes as another one
  file_id INTEGER PRIMARY KEY REFERENCES file(id),
  bytes   TEXT NOT NULL             -- which; the same for all of them
);

CREATE TABLE note(                  -- what should be known, and is no reason to stop
  what TEXT NOT NULL,               -- run title file bib
  id   INTEGER NOT NULL,            -- of the title or file; 0: of the run
  text TEXT NOT NULL,
  PRIMARY KEY(what, id, text)
) WITHOUT ROWID;

CREATE TABLE spec(                  -- what is to be made; mostly the same for title after title
  id   INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,               -- add.representation
  spec TEXT NOT NULL                -- JSON: usage_type, library, label, public_note, collection, …
);

CREATE TABLE change(
  title_id          INTEGER NOT NULL REFERENCES title(id),
  seq               INTEGER NOT NULL,
  spec_id           INTEGER NOT NULL REFERENCES spec(id),
  representation_id TEXT,           -- that it is about; of a new one once it is made
  pid               TEXT,           -- the file that it is about
  PRIMARY KEY(title_id, seq)
) WITHOUT ROWID;

CREATE TABLE page(
  title_id INTEGER NOT NULL REFERENCES title(id),
  change   INTEGER NOT NULL,        -- change.seq
  seq      INTEGER NOT NULL,        -- page order, from 1
  file_id  INTEGER NOT NULL REFERENCES file(id),
  name     TEXT,                    -- it is uploaded by; NULL: its own
  pid      TEXT,                    -- Alma's file id, once it is attached
  taken    INTEGER,                 -- bytes that Alma took, when those are not file.size
  PRIMARY KEY(title_id, change, seq)
) WITHOUT ROWID;
CREATE INDEX page_file ON page(file_id);

CREATE TABLE step(
  title_id INTEGER NOT NULL REFERENCES title(id),
  change   INTEGER NOT NULL,        -- change.seq
  kind     TEXT NOT NULL,           -- upload thumbnail collect represent attach single update copy delete undo …
  page     INTEGER NOT NULL,        -- page.seq, 0 when the step is of the whole change
  sent     INTEGER NOT NULL DEFAULT 1,   -- how often the call may have been made
  before   TEXT,                    -- JSON: what was there before the call
  result   TEXT,                    -- JSON: what the call gave, unless it is kept in another table
  begun    INTEGER NOT NULL,        -- seconds since 1970
  ended    INTEGER,                 -- NULL: the end is not known
  PRIMARY KEY(title_id, change, kind, page)
) WITHOUT ROWID;

CREATE TABLE master(                -- of a run that makes derivatives: those that are finished
  file_id INTEGER PRIMARY KEY REFERENCES file(id),
  pages   INTEGER,                  -- of it
  problem TEXT                      -- why it has no derivatives, in words
);

CREATE TABLE derivative(
  file_id INTEGER NOT NULL REFERENCES file(id),
  page    INTEGER NOT NULL,         -- of the master, from 1
  path    TEXT NOT NULL UNIQUE,     -- below meta.to
  width   INTEGER, height INTEGER,  -- pixels
  size    INTEGER NOT NULL,         -- bytes
  sha256  TEXT NOT NULL,            -- hex
  named   INTEGER NOT NULL,         -- 0: it is whole, and may still have the name of an unfinished one
  PRIMARY KEY(file_id, page)
) WITHOUT ROWID;

CREATE TABLE ingest(                -- folders that an import profile takes titles from, and what became of them; else empty
  id       INTEGER PRIMARY KEY,
  profile  TEXT NOT NULL,           -- id of the import profile
  job      TEXT NOT NULL,           -- id of the job that runs it
  stage    TEXT NOT NULL,           -- filling filled starting running ended done, see almanac.apply.ingest
  before   TEXT,                    -- JSON: ids of the job's runs before it was started
  sent     INTEGER NOT NULL DEFAULT 0,   -- how often the start may have been sent
  begun    INTEGER NOT NULL,        -- seconds since 1970
  instance TEXT,                    -- the run that took it
  report   TEXT                     -- JSON: what that told at its end: status, counters, alerts, events
);

CREATE TABLE ingest_title(          -- titles of an ingest; else empty
  title_id  INTEGER NOT NULL REFERENCES title(id),
  change    INTEGER NOT NULL,       -- change.seq
  ingest_id INTEGER NOT NULL REFERENCES ingest(id),
  below     TEXT NOT NULL,          -- where its files are in the folder: nothing, or "12/"
  number    TEXT,                   -- that a new title is found again by
  present   TEXT,                   -- JSON: ids of the representations that it had before
  before    TEXT,                   -- its record before; NULL: a new title
  after     TEXT,                   -- its record as the ingest left it
  ended     INTEGER,                -- NULL: not known yet
  reason_code TEXT,                 -- what is not as planned, see almanac.run.reasons
  reason_data TEXT,                 -- JSON
  PRIMARY KEY(title_id, change)
) WITHOUT ROWID;
CREATE INDEX ingest_titles ON ingest_title(ingest_id);

CREATE TABLE ingest_made(           -- representations that ingests made; else empty
  title_id INTEGER NOT NULL REFERENCES title(id),
  change   INTEGER NOT NULL,
  id       TEXT NOT NULL,           -- of the representation
  fields   TEXT NOT NULL,           -- JSON: fields (label, usage_type, …) as Alma made it, labels of its files by page.seq
  PRIMARY KEY(title_id, change, id)
) WITHOUT ROWID;

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
