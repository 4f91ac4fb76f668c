-- The tables of a rehearsal: all that this Alma and its S3 bucket hold. The Lua modules around
-- them keep nothing but counters.
return [[
CREATE TABLE meta(
  key   TEXT PRIMARY KEY,     -- institution, suffix, serial, secret, merged MMS_ID
  value TEXT
) WITHOUT ROWID;

CREATE TABLE bib(
  n          INTEGER PRIMARY KEY AUTOINCREMENT,
  mms_id     TEXT NOT NULL UNIQUE,
  title      TEXT NOT NULL,
  format     TEXT NOT NULL,          -- marc21 | unimarc | … | dc | dcap01 | …
  oclc        TEXT,                  -- OCLC number as it stands in 035 or dc:identifier
  call_number TEXT,
  record     TEXT,                   -- <record>…</record>; NULL: made up from title, oclc and call_number
  more       TEXT,                   -- JSON: cataloging_level, suppress_from_external_search, sync_with_oclc, network, …
  suppressed INTEGER NOT NULL DEFAULT 0,
  locked_by  TEXT,                   -- who edits the record just now
  created    TEXT NOT NULL,          -- dates are Alma's: 2018-09-05Z
  modified   TEXT NOT NULL,
  created_by  TEXT NOT NULL DEFAULT 'import',
  modified_by TEXT NOT NULL DEFAULT 'System'
);

-- The index of other system ids: 035 or dc:identifier of each bib that has a record of its own.
CREATE TABLE network_number(
  mms_id TEXT NOT NULL REFERENCES bib(mms_id) ON DELETE CASCADE,
  number TEXT NOT NULL,
  PRIMARY KEY(number, mms_id)
) WITHOUT ROWID;
CREATE INDEX network_number_bib ON network_number(mms_id);

CREATE TABLE representation(
  n             INTEGER PRIMARY KEY AUTOINCREMENT,
  id            TEXT NOT NULL UNIQUE,
  mms_id        TEXT NOT NULL REFERENCES bib(mms_id) ON DELETE CASCADE,
  remote        INTEGER NOT NULL DEFAULT 0,
  library       TEXT NOT NULL,
  usage_type    TEXT NOT NULL,
  label         TEXT NOT NULL DEFAULT '',
  public_note   TEXT NOT NULL DEFAULT '',
  active        INTEGER NOT NULL DEFAULT 1,
  policy        TEXT,                -- access_rights_policy_id
  repository    TEXT,                -- of a remote one
  origin        TEXT,                -- originating_record_id of a remote one
  more          TEXT,                -- JSON: entity_type, author, linking_parameter_1, …
  created_by    TEXT NOT NULL,
  created_date  TEXT NOT NULL,
  modified_by   TEXT NOT NULL,
  modified_date TEXT NOT NULL
);
CREATE INDEX representation_bib ON representation(mms_id);

CREATE TABLE holding(
  n           INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  mms_id      TEXT NOT NULL REFERENCES bib(mms_id) ON DELETE CASCADE,
  library     TEXT NOT NULL,
  location    TEXT NOT NULL,
  call_number TEXT,
  record      TEXT,                  -- <record>…</record>; NULL: made up from library, location and call_number
  suppressed  INTEGER NOT NULL DEFAULT 0,
  created     TEXT NOT NULL,
  modified    TEXT NOT NULL,
  created_by  TEXT NOT NULL DEFAULT 'import',
  modified_by TEXT NOT NULL DEFAULT 'System'
);
CREATE INDEX holding_bib ON holding(mms_id);

-- Physical items. Items may be without barcode.
CREATE TABLE item(
  n          INTEGER PRIMARY KEY AUTOINCREMENT,
  pid        TEXT NOT NULL UNIQUE,
  mms_id     TEXT NOT NULL REFERENCES bib(mms_id) ON DELETE CASCADE,
  holding_id TEXT NOT NULL REFERENCES holding(id) ON DELETE CASCADE,
  barcode    TEXT,
  more       TEXT,                   -- JSON: the other fields of item_data and holding_data that were sent
  created    TEXT NOT NULL,
  modified   TEXT NOT NULL,
  UNIQUE(mms_id, barcode)
);
CREATE INDEX item_barcode ON item(barcode);
CREATE INDEX item_holding ON item(holding_id);

-- n is the page order: files stand in the order in which they were attached.
CREATE TABLE file(
  n        INTEGER PRIMARY KEY AUTOINCREMENT,
  pid      TEXT NOT NULL UNIQUE,
  rep_id   TEXT NOT NULL REFERENCES representation(id) ON DELETE CASCADE,
  label    TEXT,
  path     TEXT NOT NULL UNIQUE,     -- {INST}/storage/alma/…: the S3 key as well
  size     INTEGER NOT NULL,
  etag     TEXT,                     -- NULL with a NULL blob: content that is made up when read
  sha256   TEXT,                     -- hex, of the whole content
  blob     TEXT,                     -- name of the file that holds the content
  stored   INTEGER,                  -- bytes left in the bucket when somebody broke it, 0: none; else NULL
  modified INTEGER NOT NULL          -- seconds since 1970
);
CREATE INDEX file_representation ON file(rep_id);

CREATE TABLE collection(
  n               INTEGER PRIMARY KEY AUTOINCREMENT,
  pid             TEXT NOT NULL UNIQUE,
  parent          TEXT REFERENCES collection(pid),
  name            TEXT NOT NULL UNIQUE,
  description     TEXT NOT NULL DEFAULT '',
  library         TEXT,
  external_system TEXT NOT NULL DEFAULT '',
  external_id     TEXT NOT NULL DEFAULT ''
);

CREATE TABLE membership(
  pid    TEXT NOT NULL REFERENCES collection(pid) ON DELETE CASCADE,
  mms_id TEXT NOT NULL REFERENCES bib(mms_id) ON DELETE CASCADE,
  PRIMARY KEY(pid, mms_id)
) WITHOUT ROWID;
CREATE INDEX membership_bib ON membership(mms_id);

CREATE TABLE title_set(
  n           INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  type        TEXT NOT NULL DEFAULT 'ITEMIZED',   -- or LOGICAL: its members are what its query finds
  content     TEXT NOT NULL DEFAULT 'BIB_MMS',    -- what its members are: a code of SetContentType
  query       TEXT,                  -- of a logical one
  private     TEXT NOT NULL DEFAULT 'false',
  status      TEXT NOT NULL DEFAULT 'ACTIVE',
  status_date TEXT,                  -- NULL: as it was created
  note        TEXT,
  created_by  TEXT NOT NULL DEFAULT 'exl_impl',
  created     TEXT NOT NULL          -- 2023-08-21T09:05:07.281Z
);

-- Members of an itemized set, numbered from 1 without a gap. One that is gone is a broken one, as in Alma.
CREATE TABLE set_member(
  set_id TEXT NOT NULL REFERENCES title_set(id) ON DELETE CASCADE,
  n      INTEGER NOT NULL,
  id     TEXT NOT NULL,              -- MMS ID, or the id of an item, representation, file or collection
  PRIMARY KEY(set_id, n),
  UNIQUE(set_id, id)
) WITHOUT ROWID;

-- What lies in upload/. A file POST moves a row from here to `file`.
CREATE TABLE object(
  key      TEXT PRIMARY KEY,
  size     INTEGER NOT NULL,
  etag     TEXT NOT NULL,
  sha256   TEXT,
  checksum TEXT,                     -- x-amz-checksum-sha256 when the writer sent one
  type     TEXT,
  blob     TEXT NOT NULL,
  modified INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE upload(
  id       TEXT PRIMARY KEY,
  key      TEXT NOT NULL,
  type     TEXT,
  checksum TEXT,                     -- SHA256 when the parts carry checksums
  begun    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE part(
  upload_id TEXT NOT NULL REFERENCES upload(id) ON DELETE CASCADE,
  number    INTEGER NOT NULL,
  size      INTEGER NOT NULL,
  etag      TEXT NOT NULL,
  checksum  TEXT,
  blob      TEXT NOT NULL,
  modified  INTEGER NOT NULL,
  PRIMARY KEY(upload_id, number)
) WITHOUT ROWID;
]]
  .. require "almanac.rehearsal.world.schema_work"
