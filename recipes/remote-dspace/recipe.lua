-- almanac-recipe: 1
--
-- Makes a remote representation of each item of a DSpace. Linking parameter 1 is
-- the item's handle: "123456789/11" of oai:repository.example.edu:123456789/11.
-- README.md has the templates for Alma.
-- categories: remote, records

return extend "remote 1" {
  name    = "remote-dspace",
  summary = "Make remote representations of DSpace items, from its OAI-PMH",
  version = "1.0.0",
  args    = {
    { "system",     "choice", default = "dspace", choices = { "dspace" }, help = "what the repository runs on" },
    { "repository", "string", default = "DSPACE", help = "code of the repository in Alma" },
  },
  examples = {
    record_key = { { id = "oai:repository.example.edu:123456789/11",
      gives = { "oai:repository.example.edu:123456789/11", "dspace:123456789/11" } } },
  },
}
