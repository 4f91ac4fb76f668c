-- almanac-recipe: 1
--
-- Makes a remote representation of each digital entity of a DigiTool. Linking
-- parameter 1 is the entity's PID: "10101" of oai:DTLHarborTown.edu:10101.
-- README.md has the templates for Alma.
-- categories: remote, records

return extend "remote 1" {
  name    = "remote-digitool",
  summary = "Make remote representations of DigiTool entities, from its OAI-PMH",
  version = "1.0.0",
  args    = {
    { "system",     "choice", default = "digitool", choices = { "digitool" }, help = "what the repository runs on" },
    { "repository", "string", default = "DIGITOOL", help = "code of the repository in Alma" },
  },
  examples = {
    record_key = { { id = "oai:DTLHarborTown.edu:10101", gives = { "oai:DTLHarborTown.edu:10101", "digitool:10101" } } },
  },
}
