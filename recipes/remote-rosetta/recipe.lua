-- almanac-recipe: 1
--
-- Makes a remote representation of each intellectual entity of a Rosetta. Linking
-- parameter 1 is the entity: "IE66796195" of oai:d4I1-pubam:IE66796195.
-- README.md has the templates for Alma.
-- categories: remote, records

return extend "remote 1" {
  name    = "remote-rosetta",
  summary = "Make remote representations of Rosetta entities, from its OAI-PMH",
  version = "1.0.0",
  args    = {
    { "system",     "choice", default = "rosetta", choices = { "rosetta" }, help = "what the repository runs on" },
    { "repository", "string", default = "ROSETTA", help = "code of the repository in Alma" },
  },
  examples = {
    record_key = { { id = "oai:d4I1-pubam:IE66796195", gives = { "oai:d4I1-pubam:IE66796195", "rosetta:IE66796195" } } },
  },
}
