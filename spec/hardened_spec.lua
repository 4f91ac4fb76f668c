-- The built files as Debian wants them: what reads files of strangers is hard
-- to take over even where it has a fault.
local program = require "support.program"

local BUILD = os.getenv "ALMANAC_BUILD" or "build"
local SANITIZED = program.sanitized
local FILES = { "bin/almanac", "lua/almanac/guard", "lua/almanac/core.so", "lib/libalmanac.so" }

-- What decodes pictures is built where libvips is.
if os.execute("test -e " .. program.quote(BUILD .. "/lua/almanac/picture")) then FILES[#FILES + 1] = "lua/almanac/picture" end

local function output(line)
  local pipe <close> = assert(io.popen("unset LD_PRELOAD MAKEFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS SANITIZE WERROR; " .. line))
  return pipe:read "a"
end

local function readelf(options, name)
  return output(("LC_ALL=C readelf -W %s %s"):format(options, program.quote(BUILD .. "/" .. name)))
end

describe("each built file", function()
  for _, name in ipairs(FILES) do
    describe(name, function()
      it("lies at an address of its own at each start", function()
        assert.matches("Type: +DYN", readelf("-h", name))
        if name:find "%.so$" then return end
        assert.matches("FLAGS_1[^\n]* PIE", readelf("-d", name))
      end)

      it("has its table of functions read-only before anything runs", function()
        assert.matches("GNU_RELRO", readelf("-l", name))
        assert.matches("BIND_NOW", readelf("-d", name))
        assert.is_nil(readelf("-d", name):find("TEXTREL", 1, true))
      end)

      it("runs nothing that lies on the stack, and writes to nothing that runs", function()
        local segments = readelf("-l", name)
        assert.matches("GNU_STACK[^\n]* RW +0x", segments)
        assert.is_nil(segments:find "LOAD[^\n]* RWE")
      end)

      it("watches its stack", function()
        assert.matches("__stack_chk_fail", readelf("--dyn-syms", name))
      end)

      it("calls the checked functions of the C library", function()
        if SANITIZED then return pending "the sanitizer looks for the same itself" end
        assert.matches("__%w+_chk", readelf("--dyn-syms", name))
      end)

      it("was compiled with all of it, file by file", function()
        local n = 0
        for producer in readelf("--debug-dump=info --dwarf-depth=1", name):gmatch "DW_AT_producer[^\n]*" do
          if producer:find("GNU C11", 1, true) then   -- the sanitizer's own parts are C++
            n = n + 1
            assert.matches("-fstack-protector-strong", producer, 1, true)
            assert.matches("-fstack-clash-protection", producer, 1, true)
          end
        end
        if n == 0 then return pending "built without -g, or not by gcc" end
      end)
    end)
  end
end)

describe("the Makefile", function()
  local function commands(settings)
    return output(("make -n BUILD=/nowhere %s all"):format(settings))
  end

  it("takes the flags that it is given, on each line that they are for", function()
    local files, compiled, linked = 0, 0, 0
    for line in commands("CFLAGS='-O3 -DGIVEN_C' CPPFLAGS=-DGIVEN_CPP LDFLAGS=-Wl,-z,given"):gsub("\\\n", " "):gmatch "[^\n]+" do
      if line:find "^echo '  cc  " then files = files + 1 end
      local compiles = line:find(" -c -o ", 1, true)
      if compiles then
        compiled = compiled + 1
        for _, flag in ipairs { "-O3", "-DGIVEN_C ", "-DGIVEN_CPP", "-D_FORTIFY_SOURCE=2" } do
          assert.matches(flag, line .. " ", 1, true)
        end
        assert.is_nil(line:find("given", 1, true))
      elseif line:find "^gcc .*%-o /nowhere" or line:find "^cc .*%-o /nowhere" then
        linked = linked + 1
        assert.matches("-Wl,-z,given", line, 1, true)
      end
    end
    assert.equal(files, compiled)
    assert.equal(#FILES, linked)
  end)

  it("takes a level of fortified calls that is given, and none where nothing is optimized", function()
    assert.is_nil(commands("CPPFLAGS=-D_FORTIFY_SOURCE=3"):find "_FORTIFY_SOURCE=2")
    assert.is_nil(commands("CFLAGS='-O0 -g'"):find "_FORTIFY_SOURCE")
    assert.is_nil(commands("SANITIZE=1"):find "_FORTIFY_SOURCE")
  end)

  it("ends with a warning only where that is asked for", function()
    assert.is_nil(commands(""):find "%-Werror ")
    assert.matches(" -Werror ", commands "WERROR=1", 1, true)
  end)
end)
