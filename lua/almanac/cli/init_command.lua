-- almanac init: writes a commented almanac.conf.lua.
local core = require "almanac.core"
local settings = require "almanac.cli.settings"

local m = { changes = true, summary = "Write a commented almanac.conf.lua; an existing one is never overwritten.", plain = true }

local TEXT = [==[
-- Settings of almanac. Keep this file to yourself: it may hold keys (mode 600).
-- The command line comes before the environment (ALMA_API_KEY, ALMANAC_API_URL,
-- AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), the environment before this file.
return {
  default = "sandbox",   -- the profile that is used without --profile

  profiles = {
    sandbox = {
      -- Where your Alma is: na, eu, ap, aps, ca or cn.
      region = "@REGION@",

      -- Refuse to work when the key turns out to be another institution's.
      -- institution = "01ABC_INST",

      -- The API key. It is made at developers.exlibrisgroup.com > Build > API
      -- Keys and needs Bibs read/write and Configuration read-only. Sandbox
      -- and production have keys of their own. Best is a command that prints
      -- it, from a password manager (in a folder, `almanac allow` lets it run):
      -- api_key_command = "pass show alma/sandbox",
      -- key = "l8xx...",

      -- Calls a second at most; all programs of an institution share 25.
      -- rate = 20,

      -- Where a proxy or filter of the network signs what it lets through:
      -- the certificate to trust (or SSL_CERT_FILE; a file in a folder may name
      -- one for its own keys alone, and for recipes after `almanac allow`). Proxies themselves are named as
      -- everywhere, by https_proxy.
      -- ca_file = "/etc/ssl/our-proxy.pem",

      -- What is left out of folders with files, as gitignore writes it.
      -- exclude = { "*_ocr.jpg", "drafts/" },

      -- Without AWS keys files go through the upload form that the API key
      -- gets. Keys are made in Alma > Configuration > Resources > Resource
      -- Configuration > Digital Storage. Large files (above 5 GB) need them.
      -- s3 = { profile = "alma" },   -- of ~/.aws/credentials and ~/.aws/config
      -- s3 = { access_key = "AKIA...", secret_key = "..." },
      -- s3 = { form = true },        -- the upload form, whatever AWS keys this computer has
      -- s3 = { region = "eu-central-1" },  -- when `almanac doctor` says that the bucket is there (or ALMANAC_S3_REGION)
    },

    production = {
      region = "@REGION@",
      -- institution = "01ABC_INST",
      -- api_key_command = "pass show alma/production",
    },
  },
}
]==]

function m.configure(parser)
  parser:argument("path", "the file to write (almanac.conf.lua in this folder)"):args "?"
  parser:flag("--user", "write it into this user's configuration folder")
  parser:option("--region", "where your Alma is (na)"):choices { "na", "eu", "ap", "aps", "ca", "cn" }:default "na"
end

local function target(args)
  if args.path and args.user then return nil, "give a path or --user, not both" end
  if not args.user then return args.path or "almanac.conf.lua" end
  local path = settings.user_path()
  local made, message, code = core.files.make_folder(path:match "^(.*)/")
  if not made then return nil, message, code end
  return path
end

function m.run(args, context)
  local path, message, code = target(args)
  if not path then return nil, message, code end
  if core.files.stat(path) then
    return nil, path .. " is there already, and is left as it is: edit it, or name another file", "conflict"
  end
  local ok
  ok, message, code = core.files.write(path, (TEXT:gsub("@REGION@", args.region)), 384)   -- octal 600
  if not ok then return nil, message, code end
  context.out.say("written to " .. path .. " (mode 600): put the API key into it, then look with:  almanac doctor")
  return 0
end

return m
