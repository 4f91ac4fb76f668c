-- almanac-recipe: 1
--
-- Makes a remote representation of each object of a Fedora with Islandora. Linking
-- parameter 1 is the object's PID: "harbor:101" of oai:islandora.example.edu:harbor_101,
-- or the node of an Islandora 2. README.md has the templates for Alma.
-- categories: remote, records

return extend "remote 1" {
  name    = "remote-fedora",
  summary = "Make remote representations of Islandora or Fedora objects, from its OAI-PMH",
  version = "1.0.0",
  args    = {
    { "system",     "choice", default = "fedora", choices = { "fedora" }, help = "what the repository runs on" },
    { "repository", "string", default = "FEDORA", help = "code of the repository in Alma" },
  },
  examples = {
    record_key = {
      { id = "oai:islandora.example.edu:harbor_101", gives = { "oai:islandora.example.edu:harbor_101", "fedora:harbor:101" } },
      { id = "oai:islandora.example.edu:node-17", gives = { "oai:islandora.example.edu:node-17", "fedora:node/17" } },
    },
  },
}
