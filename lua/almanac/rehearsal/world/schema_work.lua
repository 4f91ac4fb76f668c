-- The tables of what goes on in the library beside titles: jobs that run, requests, deposits, and
-- what was changed of the configuration.
return [[
-- A run of a job. How far it is follows from the clock.
CREATE TABLE job_run(
  n          INTEGER PRIMARY KEY AUTOINCREMENT,
  id         TEXT NOT NULL UNIQUE,
  job_id     TEXT NOT NULL,
  name       TEXT NOT NULL,
  set_id     TEXT,
  submitted  REAL NOT NULL,          -- seconds since 1970
  seconds    REAL NOT NULL,          -- how long it takes
  outcome    TEXT NOT NULL,          -- its status at the end: COMPLETED_SUCCESS, COMPLETED_FAILED
  parameters TEXT NOT NULL           -- JSON: an object of names and values
);

CREATE TABLE user_request(
  n         INTEGER PRIMARY KEY AUTOINCREMENT,
  id        TEXT NOT NULL UNIQUE,
  mms_id    TEXT NOT NULL REFERENCES bib(mms_id) ON DELETE CASCADE,
  item_pid  TEXT,
  user_id   TEXT,                    -- NULL: the library asks
  type      TEXT NOT NULL,           -- DIGITIZATION, HOLD, BOOKING
  step      INTEGER NOT NULL DEFAULT 0,   -- of a digitization, from 0; its last one ends it
  ended     INTEGER NOT NULL DEFAULT 0,
  created   REAL NOT NULL,
  fields    TEXT NOT NULL            -- JSON: what was sent
);
CREATE INDEX user_request_bib ON user_request(mms_id);

CREATE TABLE deposit(
  n         INTEGER PRIMARY KEY AUTOINCREMENT,
  id        TEXT NOT NULL UNIQUE,
  user_id   TEXT NOT NULL,
  status    TEXT NOT NULL,           -- DRAFT, PENDING, RETURNED, APPROVED, WITHDRAWN
  submitted TEXT,                    -- dates are Alma's: 2018-09-05Z
  modified  TEXT NOT NULL,
  fields    TEXT NOT NULL            -- JSON: title, deposit_profile, mms_id, rep_id, notes
);

-- Locations and tables that are not as they came.
CREATE TABLE setting(
  kind  TEXT NOT NULL,               -- location, code-table, mapping-table
  key   TEXT NOT NULL,               -- LIBRARY/CODE, the table's name
  value TEXT NOT NULL,               -- JSON; "null": deleted
  PRIMARY KEY(kind, key)
) WITHOUT ROWID;
]]
