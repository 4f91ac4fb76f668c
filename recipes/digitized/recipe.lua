-- almanac-recipe: 1
--
-- Answers open requests for digitization: the files whose names have the id of a
-- request, or the barcode of the item that it asks for, become a representation
-- that carries the request's id. Then the request is moved to its next step, once.
-- A request whose patron has not signed the copyright declaration, or one for a
-- part of the item, is left alone unless --unsigned or --partial says otherwise.
-- categories: requests, records

-- What a request asks for, when it is a part: the pages or the chapter, else nothing.
local function part_of(request)
  return request:get "chapter_or_article_title" or request:get "required_pages_range"
end

-- Why a request is left alone, or nil.
local function refused(request, args)
  if args.unsigned == "leave" and request:get "copyrights_declaration_signed_by_patron" == "false" then
    return "the patron has not signed the copyright declaration (--unsigned take)"
  elseif args.partial == "leave" and request:get "partial_digitization" == "true" then
    return "it asks for a part: " .. (request:get "comment" or part_of(request) or "it does not say which") .. " (--partial take)"
  elseif args.step ~= "" and request:get "task_name" ~= args.step then
    return "it is at another step: " .. (request:get "task_name" or "none")
  end
end

return {
  name    = "digitized",
  summary = "Answer digitization requests: files by request id or barcode, then the request's next step",
  version = "1.0.0",
  license = "MIT",
  effects = { "add", "request" },      -- what its plans may contain

  args = {
    { "set",      "set",    help = "Alma set of titles; or give --titles, or --find mms_id" },
    { "folder",   "dir",    required = true, help = "folder with the files" },
    { "ext",      "string", default = "", help = "file type to take, as in names without the dot; without it all" },
    { "usage",    "string", default = "DERIVATIVE_COPY", help = "usage type of the new representations" },
    { "library",  "string", default = "MAIN", help = "code of the library in Alma" },
    { "label",    "string", default = "Digitized on request", help = "their label" },
    { "policy",   "string", default = "", help = "access rights: the id of a policy in Alma" },
    { "step",     "string", default = "", help = "only requests at this step (task_name), such as 'Digitize Item'" },
    { "partial",  "choice", default = "leave", choices = { "leave", "take" }, help = "requests for a part of the item" },
    { "unsigned", "choice", default = "leave", choices = { "leave", "take" }, help = "requests without a signed copyright declaration" },
  },

  file_key = function(file, args)
    return (args.ext == "" or file.ext == args.ext) and key.digits(file.name, 1) or nil
  end,

  page = function(file) return key.page(file.name) end,

  record_key = function(request)
    return { request:get "mms_id", request:get "request_id", request:get "barcode" }
  end,

  title_keys = function(title) return { title.mms_id } end,

  changes = function(title, files, args, records)
    local request = records[1]
    local why = refused(request, args)
    if why then return nil, why end
    if not files[1] then return nil, "no file has the id of its request, " .. request:get "request_id" end
    local part, step = part_of(request), request:get "task_name" or request:get "request_status"
    if not step then return nil, "Alma does not tell at which step its request is" end
    return {
      add.representation { usage_type = args.usage, library = args.library, label = part and args.label .. ", " .. part or args.label,
        access_rights = args.policy ~= "" and args.policy or nil, request_id = request:get "request_id", files = files },
      advance.request { request = request:get "request_id", from = step, item = request:get "item_id" },
    }
  end,

  examples = {
    file_key = { ["17271930010004146_001.tif"] = "17271930010004146", ["32101047381338.pdf"] = "32101047381338", ["notes.txt"] = false },
    page = { ["17271930010004146_001.tif"] = 1 },
    record_key = {
      { id = "171", row = { mms_id = "991", request_id = "171", barcode = "32101047381338" }, gives = { "991", "171", "32101047381338" } },
      { id = "171", row = { mms_id = "991", request_id = "171", barcode = "" }, gives = { "991", "171" } },
    },
  },
}
