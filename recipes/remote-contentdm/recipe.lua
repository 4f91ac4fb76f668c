-- almanac-recipe: 1
--
-- Makes a remote representation of each item of a CONTENTdm. Linking parameter 1
-- is the collection's alias, 2 the item's pointer: "p17maps" and "5" of
-- oai:cdm.example.edu:p17maps/5. README.md has the templates for Alma.
-- categories: remote, records

return extend "remote 1" {
  name    = "remote-contentdm",
  summary = "Make remote representations of CONTENTdm items, from its OAI-PMH",
  version = "1.0.0",
  args    = {
    { "system",     "choice", default = "contentdm", choices = { "contentdm" }, help = "what the repository runs on" },
    { "repository", "string", default = "CONTENTDM", help = "code of the repository in Alma" },
  },
  examples = {
    record_key = {
      { id = "oai:cdm.example.edu:p17maps/5", gives = { "oai:cdm.example.edu:p17maps/5", "contentdm:p17maps/5" } },
      { id = "oai:cdm.example.edu:p17maps", gives = {} },
    },
  },
}
