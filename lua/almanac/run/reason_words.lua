-- Every reason that almanac knows, by its code, with the sentence that is said of
-- it. A plan, a decision and an exit status depend on codes and data alone: the
-- words here may change at any time. A code, once published, keeps its meaning
-- and the fields of its data; a new meaning gets a new code.
--
-- `{name}` stands for a field of the data, `{name?}` for one that may be absent,
-- and `{name|form}` for one that a function of FORMS writes. What stands before
-- the first ": " is the heading under which a summary counts its titles; `{ whole =
-- sentence }` counts under the whole sentence.
local m = {}

local LOOK = ": look at it in Alma, then `almanac decide`"
local LOOK_TOO = "; look at it in Alma, then `almanac decide`"

---What to do when this run file may not be the newest one.
m.OLDER = "if this run file is an older copy of a run that went on elsewhere, bring the newest copy of the run file and use that one"

---With these codes another copy of the run may have been at work at the title, as with
---any code whose data say `older`.
m.OF_OLDER = { "file_lost", "files_came", "pages_elsewhere" }

local BACK_ALREADY = "is like what undo would bring back, and may be that: taken back already with another copy of this run file? " ..
  "Look at it in Alma, then `almanac decide`; `use` brings back another one beside it"

m.CODES = {
  -- ---- reading titles ----
  not_read_yet = "could not be read: not asked for yet",
  unread = "could not be read: {message}",
  changed_by_run = "could not be read: the earlier run has changed it since; read it with --missing",
  not_in_alma = "Alma did not return this MMS ID (deleted or withdrawn?)",

  -- ---- titles that take no part ----
  not_wanted = { whole = "not wanted by the recipe{why?|after_colon}" },
  nothing_to_do = "nothing to do: {why?|no_change}",
  no_key = "no match key: the recipe gives this title none",
  no_file = "no file: nothing in the folder has the match key '{keys|names}'",

  -- ---- doubts of a plan ----
  recipe_doubts = "{why}",
  list_file_missing = "a file of the list is not there: the folder has none of '{keys|names}'",
  keys_without_file = "not every match key has a file: {missing} of {all} have none ({keys|quoted})",
  several_files = "several files for one match key: '{key}' has {files|names}{without?|no_page}",
  very_many_files = "very many files for one match key: '{key}' has {files|names}",
  several_for_page = "several files for one page: page {page} of '{key}' has {file}, {other}",
  unusable_file = "a file can't be used: {file} {problem}",
  part_unsaid = "a file says no part, and others do: {file} beside {other}",
  named_copy = "a file is named as a copy of another one, and a copy is no page: {copies|copies}",
  same_bytes = "files have the same bytes: {same} of {all} are one and the same ({files|names})",
  several_folders = "files of several folders for one title (volumes, copies?): '{key}' has {folders|folders}",
  several_volumes = "names of several volumes or copies for one title: '{key}' has {volumes|volumes}",
  several_numbers = "files of several numbers for one title (volumes, copies?): {keys|counted}",
  several_items = "files of several items for one title (volumes, copies?): {keys|counted}",
  first_page_missing = "the first page is missing: '{key}' begins with page {page} ({file})",
  page_missing = "a page is missing: '{key}' has none between page {page} ({file}) and page {next_page} ({next_file})",
  order_disagrees = "two counters in the names disagree: by its page {file} stands before {other}, by its other number behind it",
  date_as_page = "the digits of a date may have been taken for a page: {page} of {file}",
  date_as_number = "the digits of a date may have been taken for a number: '{key}' of {file}",
  held_already = "it already holds such a file: {file} in representation {representation}",
  similar_representation = "it already has such a representation: {representation}{label?|label} ({usage_type?|usage_type}, {files|files})",
  remote_there = "it already has a remote representation of record '{record}': {representation}; its {field|spaced} is '{now}', planned " ..
    "'{planned}' (update.remote changes it in place; `use` makes a second one)",
  remote_twice = "the recipe makes two remote representations of one record '{record}'",
  remote_of_several = "a remote record is of several titles: '{record}' is planned for, or held by, {titles|names}",
  not_as_many_as_master = "another number of files than the master has: {files}, the master ({representation}) has {pages}",
  left_over = "a file left over may belong to it: {files|names} beside {file}",
  fits_several = "a file fits several titles: {file} fits {titles|names}",
  near_key = "no file has that very match key: '{key}' is near that of {files|names}",
  decided = "decided by {who}: {decision}",
  rule_fails = "{message}",

  -- ---- doubts about records ----
  no_record = "no record: none has the match key '{keys|names}'",
  several_records = "several records for one title: {records|names}",
  records_of_one_key = "several records have one match key, and no title answers to it: {records|names}",
  record_fits_several = "a record fits several titles: {record} fits {titles|names}",
  record_deleted = "the source has deleted its record: {record}; `use` does what the recipe proposes, `skip` leaves the title as it is",
  no_identifier = "a record has no identifier: {record}",
  identifier_twice = "several records have one identifier: {record}",
  named_file_missing = "a file that a record names is not there: {record} names {files|names}",
  named_file_twice = "a file that a record names is there several times: {record} names {file}, there are {files|names}",
  file_of_several_records = "a file is named by several records: {file} by {records|names}",
  look_up_unlike = "the title that was found does not have its match key as a whole: '{key}'",

  -- ---- records that go with no title ----
  record_unreadable = "a record can't be read: {record}: {message}",
  record_repeated = "it comes again later, or came before: {record}",
  record_left_out = "left out: the recipe gives it no match key: {record}",
  record_deleted_unknown = "deleted in the source, and no title of it is known: {record}",
  record_no_title = "no title answers to its match key: {record} ('{key}')",
  record_not_made = "the recipe makes no title of it: {record}{why?|after_colon}",
  record_begun = "an earlier run has begun to make its title: {record}; carry that run out to its end with `almanac apply`",
  look_up_failed = "it could not be looked up: {record}: {message}",
  record_not_chosen = "another record was chosen for its title: {record}",

  -- ---- files that no title takes ----
  no_key_given = "left out: the recipe gives it no match key",
  no_title = "no title answers to its match key '{key}'",
  record_without_title = "a record names it that goes with no title: {record}",
  title_to_decide = "it fits title {title}, which is to decide",
  title_skipped = "it fits title {title}, which is skipped",
  title_plans_others = "it fits title {title}, whose plan does not use it",
  thumbnail_alone = "the thumbnail of {file}, which no title takes",
  thumbnail_fits_several = "a thumbnail that fits several files: {files|all}",
  thumbnail_one_of_several = "one of several thumbnails of {file}",
  thumbnail_without_file = "a thumbnail without its file: '{file}' is not there, or takes no part",

  -- ---- records that follow an earlier run ----
  record_unchanged = "it is as it was, and was finished in the earlier run",
  its_record_finished = { whole = "its record is as it was, and was finished in the earlier run" },
  record_not_come = "it did not come this time, and was finished in the earlier run",
  record_renamed = "its identifier may have changed: the earlier run has such a record as {was}, which did not come this time",

  -- ---- carrying out: what the world said, and titles that are elsewhere ----
  failure = "{message}",
  gone = "Alma no longer has this title",
  merged = "the title was merged into {title} in Alma: what it held stands there now{unbegun?|plan_that_one}",
  stands_elsewhere = "representation {representation} now stands under title {title}",
  representation_gone = "representation {representation} is gone",
  file_gone = "file {file} is gone",

  -- ---- not as it was planned ----
  representation_added = "since the plan somebody added a representation ({representation}, '{label}'){older?|makes}" .. LOOK,
  other_file_count = "since the plan representation {representation} went from {before} to {now} files{older?|makes}" .. LOOK,
  representation_lost = "since the plan representation {representation} was deleted{older?|makes}" .. LOOK,
  representation_deleted = "since the plan somebody deleted representation {representation}: look at the title in Alma, " ..
    "then `almanac decide`",
  file_deleted = "since the plan somebody deleted file {file} of representation {representation}: look at the title in Alma, " ..
    "then `almanac decide`",
  file_lost = "since the plan file {file} was deleted; " .. m.OLDER,
  file_replaced = "since the plan file {file} was replaced",
  file_came = "since the plan file {file} came or changed",
  record_changed = "since the plan somebody changed the record: {what}{older?|record}" .. LOOK .. "; `use` changes it as it is now",
  record_set_meanwhile = "somebody changed the record while it was being changed: {what}" .. LOOK .. "; `use` changes it as it is now",
  record_not_taken = "Alma took the record, and not all of the change: {what}; of a record that is linked to the Network Zone it " ..
    "changes local fields alone" .. LOOK .. "; `use` leaves it so",
  record_merged = "the title was merged into {title} in Alma, whose record is another one: what this run changes in a record " ..
    "is not carried over; look at it in Alma",
  bib_unclear = "Alma gave no clear answer when this title was created, and after {seconds} seconds none with the number {number} is " ..
    "found: look for it in Alma by that number, then `almanac decide`; `use` creates it if it is still missing",
  bib_matches = "Alma says that the record matches others: {what}{titles?|matched}" .. LOOK .. "; `use` creates it all the same",
  bib_there = "a title with its number {number} is in Alma by now: {title} '{name}'{profile?|may_change}" .. LOOK ..
    "; `use` creates another one beside it",
  bib_by_other_run = "another run on this machine {title?|made_or_makes} of the same record (number {number})" .. LOOK ..
    "; `use` creates another one beside it",
  bib_rival = "somebody else, or another run, made a title of the same record at the same time: {title} '{name}', beside {own} of " ..
    "this run" .. LOOK .. "; `use` goes on with this run's own, `almanac undo` deletes it",
  bib_overlaid = "with import profile {profile?|dash} Alma changed title {title}, which was there before, instead of creating one: " ..
    "look at that title in Alma; this run can't take that back, and adds nothing to it",
  bib_merged = "the title that this run created was merged into {title} in Alma: it stays; look at it there",
  field_changed = "since the plan the {field|spaced} of representation {representation} became '{now}'{older?|sets}" .. LOOK ..
    "; `use` sets it as planned",
  file_label_since = "since the plan the label of file {file} of representation {representation} became '{now}'{older?|sets}" .. LOOK ..
    "; `use` sets it as planned",
  file_label_meanwhile = "while the label of file {file} of representation {representation} was set to '{planned}' it became '{now}'" ..
    LOOK .. "; `use` sets it as planned",
  request_gone = "digitization request {request} is not there any more" .. LOOK .. "; `use` goes on without it",
  request_elsewhere = "digitization request {request} was moved meanwhile: it is at '{now}', planned from '{planned}'{older?|or_copy}" ..
    LOOK .. "; `use` leaves it there and does the rest",
  request_unclear = "no answer came when request {request} was moved on from '{step}', where it still is" .. LOOK ..
    "; `use` moves it on from there",
  field_set_meanwhile = "while the {field|spaced} of representation {representation} was set to '{planned}' it became '{now}'" .. LOOK ..
    "; `use` sets it as planned",
  disk_file_changed = "{file} changed on disk since the plan",
  disk_file_other = "{file} is another file than the one that was planned, though of equal size and time",
  disk_file_reread = "{file} is another file since it was read before, of the same size and time: put the former one back, or plan again",

  -- ---- what may be ours, and what others make at the same time ----
  several_fit = "{things} things in Alma could be what was made here",
  maybe_page = "file {file} ('{label}', {bytes} bytes) came to representation {representation} while {page} was attached and Alma " ..
    "gave no clear answer: it may be that page, changed since" .. LOOK_TOO .. "; `use` attaches {page} beside it",
  attach_unclear = "Alma gave no clear answer when {page} was attached, and after {seconds} seconds it is not there: look at " ..
    "representation {representation} in Alma, then `almanac decide`; `use` attaches it again if it is still missing",
  other_size_taken = "Alma took {file} as {taken} bytes, the file has {bytes}",
  pages_elsewhere = "pages are there already that this run file has not attached: file {file} of representation {representation} " ..
    "looks like {page}{more?|and_more}; " .. m.OLDER .. ". Else look at it in Alma, " ..
    "then `almanac decide`; `use` attaches the pages beside",
  files_came = "file {file}{more?|more} came to representation {representation} since this title was begun; " .. m.OLDER ..
    ". Else look at it in Alma, then `almanac decide`; `use` goes on",
  rival = "somebody else made a representation like the planned one ({representation}) at the same time: look at both in Alma, " ..
    "then `almanac decide`; `use` goes on with this run's own",
  rival_empty = "somebody else made an empty representation like the planned one ({representation}) at the same time: look at both " ..
    "in Alma, then `almanac decide`; `use` goes on with this run's own",
  gave_way = "somebody else, or another run, was making the same for this title: representation {representation} stays, this run took " ..
    "its own empty one back" .. LOOK_TOO,
  own_filled = "representation {representation} of this run got files from somebody else: look at it in Alma, then `almanac decide`",
  gave_way_file = "somebody else, or another run, was putting files into representation {representation} at the same time: file {file} " ..
    "stays, this run took its own one back" .. LOOK_TOO,
  own_representation_deleted = "somebody deleted representation {representation} that this run had just made: look at the title in " ..
    "Alma, then `almanac decide`",
  own_file_deleted = "somebody deleted file {file} that this run had just made: look at the title in Alma, then `almanac decide`",
  maybe_ours = "representation {representation} ('{label}') may be the one that this run made, changed since: {how}{older?|or_copy}" ..
    "{advice?|ours}",
  has_files = "it has {files|files} by now",
  not_as_planned = "it is not as planned",

  -- ---- ingests ----
  ingest_would_match = "the import would take it for another title: {number} is in {title} already; look at that in Alma, then plan again",
  ingest_refused = "Alma did not import it: {words} (run {run}, {status})",
  ingest_manual = "the import waits for manual handling in Alma: {words} (run {run}): settle it there (Monitor Jobs), then " ..
    "`almanac decide`; `use` sends the title in another ingest",
  ingest_under_way = "its ingest lies in the folder of the import profile, and what comes of it is not known yet: `almanac apply` " ..
    "goes on with that, then take it back",
  ingest_lost = "Alma took {file}, and it is in no representation of this title: did the import make another title of it? " ..
    "Look at run {run} in Alma, then `almanac decide`; `use` sends the title in another ingest",
  ingest_file_left = "Alma did not import {file}",
  ingest_file_lost = "Alma took {file}, and it is in no representation of this title: look at it in Alma",
  ingest_changed_record = "the import changed the record: {what}",

  -- ---- what verify finds ----
  request_not_moved = "digitization request {request} is still at '{step}'",
  file_label_differs = "file {file} is called '{now}', planned '{planned}'",
  field_differs = "the representation's {field|field} is '{now}', planned '{planned}'",
  record_differs = "the record is not as this run left it: {what}",
  bib_twice = "there is a second title with a number of this one: {title}: look at both in Alma, and delete one",
  size_differs = "{file} has {bytes} bytes in Alma, {size} on disk",
  stored_as = "page {page} is stored as '{now}', planned '{planned}'",
  not_in_storage = "{file} is not in Alma's storage: {path?|path}",
  storage_unreadable = "{message}",
  storage_size_differs = "{file} has {bytes?|unknown} bytes in Alma's storage, {size} on disk",
  made_twice = "this run made file {file} ({label}) twice; `almanac undo` takes both back",
  not_attached = "{file} is not attached",
  other_page = "page {page} is file {file} ({name}), planned {planned_file?|dash} ({planned})",
  file_count_differs = "the representation has {files} files, planned {planned}",
  file_still_there = "file {file} is still there",
  representation_still_there = "representation {representation} is still there",
  not_in_collection = "the title is not in collection {collection}",
  second_representation = "there is a second such representation: {representation} ('{label}')",

  -- ---- taking back ----
  file_back_already = "file {file} ({name}) " .. BACK_ALREADY,
  representation_back_already = "representation {representation} " .. BACK_ALREADY,
  changed_since = "changed since: {what}",
  file_label_own = "the label of file {file} is '{now}'",
  own_field = "its {field|spaced} is '{now}'",
  own_record = "its record is another: {what}",
  record_unsure = "the answer to the change of its record was lost, and the record differs from what was sent: {what}; nobody can tell " ..
    "whether Alma or somebody else did that, so it stays: look at it in Alma",
  holds_other = "it holds {what}, which is not of this run",
  bib_end_unknown = "nobody can tell yet whether this title was created: none with the number {number} is found; look for it in Alma, " ..
    "or undo again later",
  own_note = "it has another public note",
  modified_by = "last modified by {who}",
  not_of_this_run = "file {file} ({label}) is not of this run",
  own_file_deleted_since = "file {file} was deleted",
  moved_file_gone = "file {file}, attached again as {other}, is gone: its first one stays",
  file_label_changed = "file {file} is called '{now}' now, it was '{planned}'",
  own_file_replaced = "file {file} was replaced",
  maybe_replaced = "file {file} was deleted, and file {other} is called like it",
  maybe_attached = "file {file} ('{label}', {bytes} bytes) came while {page} was attached, and may be that page",
  without_copy = "file {file} was deleted without a copy",
  without_copies = "representation {representation} was deleted without copies of its files",
  unknown_end = "its last step has an unknown end, and several representations could be its own",
  request_stays = "digitization request {request} stays moved on{now?|at_step}: Alma has no step back",
  back_without_request = "representation {representation} does not have its digitization request {request} any more: Alma may not take " ..
    "that of a request that is done",
  back_but = "taken back, but {what}",
  back_again = "taken back, but something of the run is there again, undo would {what}",
  back_file_gone = "taken back, but {file?|a_file} that was brought back is gone",
  back_file_size = "taken back, but {file} came back with {bytes} bytes of {size}",
  back_representation_gone = "taken back, but representation {representation} that was made again is gone",
  back_in_collection = "taken back, but it is in collection {collection} again",
  back_in_other_order = "taken back, but the files of representation {representation} are in the order {now}; before it was {before}",
  back_order_unknown = "taken back, but the order of its files could not be looked at: {message}",
  order_not_kept = "the files of representation {representation} come back in another order: {now}; before it was {before}: " ..
    "{obstacle}{all_planned?|carried_out_first}",
  order_of_masters = "masters that the run did not delete are not deleted for their order",
  order_without_folder = "there is no folder for copies",
  order_file_replaced = "file {file} was replaced since the plan",
  order_without_address = "Alma gives no address to copy the others from",
}

local function counted(n, word)
  return ("%d %s%s"):format(n, word, n == 1 and "" or "s")
end

-- A list of reasons.some, each item written by `write`; the rest is a number.
local function listed(list, write)
  local parts, more = {}, ""
  for _, item in ipairs(list) do
    if type(item) == "number" then more = (" and %d more"):format(item) else parts[#parts + 1] = write and write(item) or item end
  end
  return table.concat(parts, ", ") .. more
end

local FIELDS = { usage_type = "usage type", public_note = "public note", access_rights = "access rights policy" }

m.FORMS = {
  names = listed,
  all = function(list) return table.concat(list, ", ") end,
  quoted = function(list) return listed(list, function(item) return "'" .. item .. "'" end) end,
  copies = function(list) return listed(list, function(pair) return pair[1] .. " of " .. pair[2] end) end,
  counted = function(list) return listed(list, function(pair) return ("'%s' (%d)"):format(pair[1], pair[2]) end) end,
  volumes = function(list) return listed(list, function(pair) return ("%s (%s)"):format(pair[1], pair[2]) end) end,
  folders = function(list)
    return listed(list, function(pair) return ("%s (%d)"):format(pair[1] == "" and "the folder itself" or pair[1], pair[2]) end)
  end,
  files = function(n) return counted(n, "file") end,
  label = function(label) return label and " '" .. label .. "'" or "" end,
  usage_type = function(usage_type) return usage_type or "usage type not told" end,
  no_page = function(path) return path and "; no page is read of " .. path or "" end,
  after_colon = function(why) return why and ": " .. why or "" end,
  no_change = function(why) return why or "the recipe proposes no change" end,
  plan_that_one = function(unbegun) return unbegun and ": plan that one instead, or skip this one with `almanac decide`" or "" end,
  makes = function(older) return older and ", as this run makes it; " .. m.OLDER or "" end,
  or_copy = function(older) return older and "; " .. m.OLDER or "" end,
  sets = function(older) return older and ", as this run sets it; " .. m.OLDER or "" end,
  record = function(older) return older and ", as this run changes it; " .. m.OLDER or "" end,
  matched = function(titles) return titles and " (" .. titles .. ")" or "" end,
  may_change = function(profile) return profile and (", and import profile %s may change it"):format(profile) or "" end,
  made_or_makes = function(title) return title and "has made title " .. title or "was making a title, whose end nobody knows," end,
  spaced = function(field) return (field:gsub("_", " ")) end,
  field = function(field) return FIELDS[field] or field end,
  at_step = function(step) return step and ", at '" .. step .. "'" or "" end,
  more = function(n) return n and (" and %d more"):format(n) or "" end,
  and_more = function(n) return n and (", and %d more"):format(n) or "" end,
  ours = function(what) return what == "decide" and LOOK_TOO .. "; `use` makes another one beside it"
    or what == "leave" and "; it is left: look at it in Alma" or what == "look" and "; look at it in Alma" or "" end,
  path = function(path) return path or "no path" end,
  unknown = function(value) return value and tostring(value) or "unknown" end,
  dash = function(value) return value or "-" end,
  a_file = function(name) return name or "a file" end,
  carried_out_first = function(all) return all
    and ". Carried out to its end with `almanac apply` first, the run can be taken back in order" or "" end,
}

return m
