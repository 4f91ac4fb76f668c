-- The Alma REST API: one client for all calls, and a module for each kind of
-- thing that Alma keeps.
local client = require "almanac.alma.client"

return {
  new = client.new,
  has_code = client.has_code,
  analytics = require "almanac.alma.analytics",
  bibs = require "almanac.alma.bibs",
  collections = require "almanac.alma.collections",
  conf = require "almanac.alma.conf",
  deposits = require "almanac.alma.deposits",
  errors = require "almanac.alma.errors",
  files = require "almanac.alma.files",
  holdings = require "almanac.alma.holdings",
  items = require "almanac.alma.items",
  jobs = require "almanac.alma.jobs",
  libraries = require "almanac.alma.libraries",
  profiles = require "almanac.alma.profiles",
  representations = require "almanac.alma.representations",
  requests = require "almanac.alma.requests",
  sets = require "almanac.alma.sets",
  tables = require "almanac.alma.tables",
  test = require "almanac.alma.test".test,
  webhooks = require "almanac.alma.webhooks",
}
