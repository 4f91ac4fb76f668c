-- Run files up to format 3, and the samples of recipes of that time, have reasons as
-- sentences. Those are recognised here by how they begin. The list is frozen: it does
-- not follow the sentences of today.
local reasons = require "almanac.run.reasons"

local m = {}

-- Lua patterns; what a pattern captures becomes the field that is named.
local SENTENCES = {
  { "^could not be read: not asked for yet$", "not_read_yet" },
  { "^could not be read: the earlier run has changed it", "changed_by_run" },
  { "^could not be read: (.*)$", "unread", "message" },
  { "^Alma did not return this MMS ID", "not_in_alma" },
  { "^not wanted by the recipe: (.*)$", "not_wanted", "why" },
  { "^not wanted by the recipe$", "not_wanted" },
  { "^nothing to do: the recipe proposes no change$", "nothing_to_do" },
  { "^nothing to do: (.*)$", "nothing_to_do", "why" },
  { "^no key: the recipe gives this title none$", "no_key" },
  { "^no file: nothing in the folder has the key '(.*)'$", "no_file", "keys" },
  { "^a file of the list is not there: ", "list_file_missing" },
  { "^not every key has a file: ", "keys_without_file" },
  { "^several files for one key: ", "several_files" },
  { "^very many files for one key: ", "very_many_files" },
  { "^several files for one page: ", "several_for_page" },
  { "^a file can't be used: ", "unusable_file" },
  { "^a file says no part, and others do: ", "part_unsaid" },
  { "^a file is named as a copy of another one", "named_copy" },
  { "^files have the same bytes: ", "same_bytes" },
  { "^files of several folders for one title", "several_folders" },
  { "^names of several volumes or copies for one title: ", "several_volumes" },
  { "^files of several numbers for one title", "several_numbers" },
  { "^files of several items for one title", "several_items" },
  { "^the first page is missing: ", "first_page_missing" },
  { "^a page is missing: ", "page_missing" },
  { "^two counters in the names disagree: ", "order_disagrees" },
  { "^the digits of a date may have been taken for a number: ", "date_as_number" },
  { "^the digits of a date may have been taken for a page: ", "date_as_page" },
  { "^it already holds such a file: ", "held_already" },
  { "^it already has such a representation: ", "similar_representation" },
  { "^another number of files than the master has: ", "not_as_many_as_master" },
  { "^a file left over may belong to it: ", "left_over" },
  { "^a file fits several titles: ", "fits_several" },
  { "^no file has the very key: ", "near_key" },
  { "^decided by .*: %a+$", "decided" },
  { "^left out: the recipe gives it no key$", "no_key_given" },
  { "^no title answers to its key '(.*)'$", "no_title", "key" },
  { "^it fits title (%d+), which is to be decided$", "title_to_decide", "title" },
  { "^it fits title (%d+), which is left out$", "title_skipped", "title" },
  { "^it fits title (%d+), whose plan does not use it$", "title_plans_others", "title" },
  { "^the thumbnail of (.*), which no title takes$", "thumbnail_alone", "file" },
  { "^a thumbnail that fits several files: ", "thumbnail_fits_several" },
  { "^one of several thumbnails of (.*)$", "thumbnail_one_of_several", "file" },
  { "^a thumbnail without its file: ", "thumbnail_without_file" },
  { "^Alma no longer has this title$", "gone" },
  { "^the title was merged into %d+ in Alma: ", "merged" },
  { "^since the plan somebody added a representation", "representation_added" },
  { "^since the plan representation %d+ went from", "other_file_count" },
  { "^since the plan representation %d+ was deleted", "representation_lost" },
  { "^since the plan somebody deleted representation", "representation_deleted" },
  { "^since the plan somebody deleted file", "file_deleted" },
  { " changed on disk since the plan$", "disk_file_changed" },
  { "^there is a second such representation: ", "second_representation" },
  { "^taken back, but ", "back_but" },
}

---Recognises an old sentence. It is kept whole, unless its pattern captures what it is about.
---@param sentence string
---@return almanac.run.reason|nil reason nil: it is none of SENTENCES
function m.known(sentence)
  for _, entry in ipairs(SENTENCES) do
    local found = sentence:match(entry[1])
    if found and entry[3] then return reasons.new(entry[2], { [entry[3]] = entry[3] == "keys" and { found } or found }) end
    if found then return reasons.as_said(entry[2], sentence) end
  end
end

---Reads an old sentence; one that m.known does not recognise was the message of a failure.
---@param sentence string
---@return almanac.run.reason
function m.read(sentence)
  return m.known(sentence) or reasons.new("failure", { message = sentence })
end

return m
