-- What somebody might write into a recipe to get out of its guarded process, to harm
-- the program that runs it, or never to end: bodies of the rule file_key.
--   { name, body, pattern }         it fails with such a message
--   { name, body, gives = key }     it is harmless and gives this key
--   seconds: processor time that it may take, where memory is to be what ends it
--   before: text in front of the recipe's `return`; changes, title_keys: bodies of those rules
local STEPS, TIME, MEMORY = "took more than 20 million steps", "took longer than [%d.]+ s", "took more than 256 MB of memory"
local STOPPED = "the recipe was stopped: "   -- by memory, steps or time, whatever comes first
local NOT_THERE = "recipes have no '%s'"

local m = {}

local function add(name, body, pattern, more)
  local attack = more or {}
  attack.name, attack.body, attack.pattern = name, body, pattern
  m[#m + 1] = attack
end

local function harmless(name, body, key, more)
  add(name, body, nil, more)
  m[#m].gives = key
end

-- A line for each number up to n.
local function many(n, line)
  local lines = {}
  for i = 1, n do lines[i] = line:format(i) end
  return table.concat(lines, "\n")
end

-- names that lead out
for _, name in ipairs { "io", "os", "debug", "package", "require", "dofile", "loadfile", "load", "loadstring", "collectgarbage",
  "setmetatable", "getmetatable", "rawset", "rawget", "rawequal", "rawlen", "pcall", "xpcall", "coroutine", "next", "_G", "print",
  "warn", "setfenv", "getfenv", "module", "newproxy", "unpack", "jit", "ffi", "arg", "_VERSION" } do
  add("the name " .. name, "return " .. name, NOT_THERE:format(name))
end
add("a program", "return os.execute('touch /tmp/harmed')", NOT_THERE:format "os")
add("a pipe", "return io.popen('id'):read('a')", NOT_THERE:format "io")
add("the environment", "return os.getenv('HOME')", NOT_THERE:format "os")
add("the registry", "return debug.getregistry()", NOT_THERE:format "debug")
add("the hook taken off", "debug.sethook()", NOT_THERE:format "debug")
add("another allocator limit", "collectgarbage('stop')", NOT_THERE:format "collectgarbage")
add("chance", "return math.random()", "math has no 'random'")

-- compiled code
add("bytecode made at hand", "return load('\\27Lua\\84\\0')", NOT_THERE:format "load")
add("bytecode of a function", "return string.dump(function() end)", "string has no 'dump'")
add("bytecode by a method of strings", "return ('x').dump(function() end)", "attempt to call a nil value %(field 'dump'%)")
add("binary formats", "return ('s8'):pack('x')", "attempt to call a nil value %(method 'pack'%)")

-- the tables of the host, and those of strings
add("string changed", "string.rep = error", "string can't be changed")
add("a method of strings changed", "local s = 'x' s.rep = error", "attempt to index a string value")
add("the metatable of strings", "return getmetatable('').__index", NOT_THERE:format "getmetatable")
add("a library by table.insert", "table.insert(string, 1, 'x')", "string can't be changed")
add("a library by table.sort", "local t = table.unpack({ table }) t.sort = nil", "table can't be changed")
add("a helper of keys", "key.stem = function() return 'x' end", "key can't be changed")
add("a global", "x = 1", "'x' is set but not declared")
add("the environment's own fields", "_ENV.string = nil", "is set but not declared")
add("the environment gone through", "local n = '' for name in pairs(_ENV) do n = n .. name end return n .. _ENV._G", NOT_THERE:format "_G")
add("the environment as an upvalue", "local function f() return _ENV end return f().debug", NOT_THERE:format "debug")
harmless("another environment", "local _ENV = { s = 'own' } return s", "own")
harmless("a library gone through", "local n = 0 for name in pairs(string) do n = n + 1 end return 'n' .. n", "n13")
add("a metatable by fields", "local t = {} t.__index = t t.__gc = error return t.x.y", "attempt to index a nil value")
add("a finalizer", "setmetatable({}, { __gc = function() while true do end end })", NOT_THERE:format "setmetatable")
add("a closing variable", "local x <close> = { __close = error }", "non%-closable value")
add("arguments changed", "args.folder = '/'", "args can't be changed")
add("arguments by table.insert", "table.insert(args, 'x')", "args can't be changed")
add("a constant assigned", "local e <const> = 1 e = 2", "attempt to assign to const variable")
harmless("the file renamed under the host", "file.path = '../../../etc/passwd' file.name = {} return 'k'", "k")

-- errors that should reach into the host
add("an error with a metatable", "error(setmetatable({}, { __tostring = os.exit }))", NOT_THERE:format "setmetatable")
add("an error that is a table", "error({ __tostring = 1, message = 'x', code = 'cancelled' })", "error without a text")
add("an error that is a function", "error(function() while true do end end)", "error without a text")
add("an error that is nothing", "error()", "error without a text")
add("an error of a megabyte", "error(('x'):rep(1 << 20))", "^[%w%p ]+ … ?.*$")
add("an error for the terminal", "error('\\27[2J\\27]0;x\\7', 0)", "<1B>%[2J<1B>%]0;x<07> %(rule file_key")
add("an error that is no text", "error('\\255\\254', 0)", "rule.lua:%d+%-%d+: %?%? ")
add("an error of another level", "error('x', 99)", "x %(rule file_key")
add("an assertion with a table", "assert(false, {})", "error without a text")

-- no end
add("a loop", "while true do end", "rule%.lua:%d+: the recipe was stopped: one call " .. STEPS)
add("a goto", "::a:: goto a", STEPS)
add("a loop of numbers", "for i = 1, math.maxinteger do end", STEPS)
add("an iterator without end", "for _ in function() return 1 end do end", STEPS)
add("a tail call", "local function f() return f() end return f()", STEPS)
add("a loop in a comparison", "table.sort({ 3, 2, 1 }, function() while true do end end)", STEPS)
add("a loop in a replacement", "return ('x'):gsub('.', function() while true do end end)", STEPS)
add("a loop caught", "pcall(function() while true do end end)", NOT_THERE:format "pcall")
add("a loop in a coroutine", "coroutine.wrap(function() while true do end end)()", NOT_THERE:format "coroutine")
add("a yield out of the guarded process", "coroutine.yield('x')", NOT_THERE:format "coroutine")
add("a loop when the recipe is loaded", "", "the recipe was stopped: one call " .. STEPS, { before = "while true do end" })
add("a pattern when the recipe is loaded", "", TIME, { before = "(('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(40) .. 'b')" })
add("recursion", "local function f() return f() + 1 end return f()", "stack overflow")
add("recursion through a replacement", "local function f() return (('x'):gsub('.', f)) end return f()", "stack overflow")
add("recursion through a comparison", "local function f() table.sort({ 2, 1 }, f) return true end return f()", "stack overflow")
add("nested source", "", "overflow", { before = "local x = " .. ("("):rep(300) .. "1" .. (")"):rep(300) })
add("nested tables in the source", "", "overflow", { before = "local x = " .. ("{"):rep(300) .. ("}"):rep(300) })

-- patterns and loops inside one C function
add("a pattern with choices", "return (('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(40) .. 'b')", "rule%.lua:%d+: .*" .. TIME)
add("a lazy pattern", "return (('x'):rep(5000)):find('.-.-.-.-b')", TIME)
add("a greedy pattern", "return (('x'):rep(5000)):match('.*.*.*.*b')", TIME)
add("a pattern in gsub", "return (('x'):rep(5000)):gsub('.-.-.-.-b', '')", TIME)
add("a pattern in gmatch", "for x in (('x'):rep(5000)):gmatch('.-.-.-.-b') do end", TIME)
add("a pattern in a method of a helper", "return key.part(('x'):rep(1 << 20), 1, 'y'), (('x'):rep(5000)):find('.-.-.-.-b')", TIME)
add("a pattern too complex", "return (('x'):rep(1 << 20)):match(('(.)'):rep(40))", "too many captures")
add("a pattern that recurs", "return (('x'):rep(300000)):match(('x?'):rep(250000) .. 'y')", "pattern too complex")
harmless("a folder of a long text", "return 'n' .. tostring(key.folder(('x'):rep(1 << 20), 1))", "nnil")
add("inserting in front", "local t = {} for i = 1, 1000000 do t[i] = i end while true do table.insert(t, 1, 0) end", TIME)
add("removing from the front", "local t = {} for i = 1, 1000000 do t[i] = i end while #t > 0 do table.remove(t, 1) end", TIME)
harmless("a sort that lies", "local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function() return true end) " ..
  "return 'n' .. #t", "n100")
add("concat over a range", "return table.concat({}, 'x', 1, math.maxinteger)", "invalid value %(nil%) at index 1")
add("rep of nothing", "return (''):rep(math.maxinteger)", "longer than 1 MiB")
add("rep of a separator", "return string.rep('', 1 << 40, 'xy')", "longer than 1 MiB")
add("rep of a megabyte", "return string.rep('x', 1 << 20, 'y')", "longer than 1 MiB")
add("rep without a number", "return ('x'):rep(0/0)", "number has no integer representation")
add("a width in format", "return ('%99999d'):format(1)", "invalid conversion")
add("an address", "return ('%p'):format({})", "there is no %%p here")
add("unpack of a hundred million", "return table.unpack({}, 1, 100000000)", "too many results to unpack")
add("unpack from far below", "return table.unpack({}, math.mininteger, math.maxinteger)", "too many results to unpack")
add("select from far below", "return select(-1 << 40, 1)", "index out of range")
add("utf8 out of range", "return utf8.codepoint('abc', 1, 1 << 40)", "out of bounds")
add("text cut within a letter", "return ('é'):sub(1, 1)", "a match key is not UTF%-8 text: was a letter cut in two%?")
add("a character that is none", "return utf8.char(0x7FFFFFFF)", "a match key is not UTF%-8 text")
add("a key for the terminal", "return 'a\\27[2J'", "a match key holds a control character")
add("a key of a megabyte", "return ('x'):rep(1 << 20)", "a match key is longer than 1000 bytes")

-- memory
add("a growing table", "local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end",
  "rule%.lua:%d+: the recipe was stopped: it " .. MEMORY, { seconds = 10 })
add("a doubling string", "local s = 'x' while true do s = s .. s end", MEMORY, { seconds = 10 })
add("concat of many", "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(1 << 20) .. i end return table.concat(t)", MEMORY, { seconds = 10 })
add("gsub into a giant", "return ('x'):rep(1 << 20):gsub('.', ('y'):rep(1 << 20))", MEMORY, { seconds = 10 })
add("tables in tables", "local t = {} while true do t = { t, {}, {}, {}, {}, {}, {}, {} } end", STOPPED)
add("closures on closures", "local f while true do local g = f f = function() return g end end", STOPPED)
add("a table with holes", "local t = {} for i = 1, 60 do t[1 << i] = i end return t[1 << 61].x", "attempt to index a nil value")
add("hash flooding", "local t = {} for i = 1, math.maxinteger do t[i << 20] = true end", STOPPED)
add("hash flooding with long names", "local t, x = {}, ('x'):rep(64) for i = 1, math.maxinteger do t[x .. i] = true end", STOPPED)
add("memory kept between calls", "kept = kept or {} while true do kept[#kept + 1] = {} end", STOPPED, { before = "local kept" })
add("a table sized at once", "local t = table.pack(table.unpack({}, 1, 900000)) return t.n .. ('x'):rep(-1) .. {}",
  "attempt to concatenate a table")

-- answers that the host must not choke on
add("a table as key", "return {}", "a match key is text; this one is a table")
add("a function as key", "return function() end", "a match key is text; this one is a function")
add("a number that is none", "return 0/0", "a match key is text; this one is a number")
add("a million keys", "", "gives more than 10000 match keys", { title_keys = "local t = {} for i = 1, 1000000 do t[i] = i end return t" })
add("keys that are tables in themselves", "", "a match key is text; this one is a table", { title_keys = "local t = {} t[1] = t return t" })
add("a change in itself", "", "nested too deep",
  { title_keys = "return 'a'", changes = "local c = { kind = 'add.representation', files = files } c.label = c return c" })
add("a change with a function", "", "a function can't be sent", { title_keys = "return 'a'",
  changes = "return { kind = 'add.representation', usage_type = 'U', library = function() end, files = files }" })
add("a change of an unknown kind", "", "give what add%.representation",
  { title_keys = "return 'a'", changes = "return { kind = 'delete.everything', files = files }" })
add("a change without files", "", "is a list of files",
  { title_keys = "return 'a'", changes = "return { kind = 'add.representation', usage_type = 'U', library = 'L', files = 'x' }" })
add("a change with files of its own", "", "only files that `changes` was given", { title_keys = "return 'a'",
  changes = "return { kind = 'add.representation', usage_type = 'U', library = 'L', files = { { path = '/etc/passwd' } } }" })
add("a label for the terminal", "", "'label' holds a control character", { title_keys = "return 'a'",
  changes = "return add.representation { usage_type = 'U', library = 'L', label = '\\27[2J', files = files }" })
add("the title torn apart", "", "called with a colon", { title_keys = "return title.files({}, 'tif')" })
add("examples in themselves", "", "nested too deep", { before = "local t = {} t.t = t", fields = "examples = { sidecars = t }," })
add("a file that is no recipe", "", "line 1 must be", { before = "do return extend '/etc/passwd' {} end" })
add("itself extended", "", "extend each other more than 8 deep", { before = "do return extend(OWN) { name = 'v' } end" })

-- loops, numbers and libraries at their ends
add("a closing value of a loop", "for _ in function() end, nil, nil, {} do end", "variable '%(for state%)' got a non%-closable value")
add("a step of nothing", "for i = 1, 3, 0 do end", "'for' step is zero")
harmless("loops up to the last integer", "local n = 0 for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end " ..
  "for i = math.mininteger, math.maxinteger, math.maxinteger do n = n + 1 end for i = 1, 0/0 do n = n + 1 end return 'n' .. n", "n5")
add("a division by nothing", "return 1 // 0", "attempt to divide by zero")
harmless("the lowest integer divided", "return 'n' .. math.mininteger // -1 .. math.mininteger % -1", "n-92233720368547758080")
add("more names than Lua takes", "", "too many local variables", { before = many(201, "local a%d") })
harmless("a table of 300,000 constants", "return 'n' .. #t", "n300000", { before = "local t = {" .. ("1,"):rep(300000) .. "}" })
add("a library of binary formats", "return string.pack('s8', 'x')", "string has no 'pack'")
add("a separator of megabytes", "local t = {} for i = 1, 400 do t[i] = '' end return table.concat(t, ('x'):rep(1 << 20))", MEMORY,
  { seconds = 10 })
harmless("a sort that takes away", "local t = {} for i = 1, 200 do t[i] = i * 7919 % 201 end " ..
  "table.sort(t, function(a, b) t[#t] = nil return a < b end) return t[1] .. ' ' .. t[200]", "1 200")
harmless("a sort of what is no number", "local t = {} for i = 1, 100 do t[i] = 0/0 end table.sort(t) return 'n' .. #t", "n100")
add("bytes that are no UTF-8", "for _ in utf8.codes('\\255') do end", "invalid UTF%-8 code")
add("a place far behind a text", "return utf8.len('a', 1 << 62)", "out of bounds")
add("parentheses that never close", "return (('('):rep(1 << 20)):gsub('%b()', '')", TIME)
add("accents without end", "local s = ('\\u{301}\\u{316}'):rep(250000) return key.nfc('a' .. s)", TIME)
add("a table as an index of nothing", "local t = {} t[0/0] = 1", "table index is NaN")

-- words that look like almanac's own, and bytes that terminals obey
add("an error of several lines", "error('x\\nalmanac: 5 titles are ready\\n', 0)", "x almanac: 5 titles are ready  %(rule file_key")
add("an error that turns the writing", "error('\\u{202E}x\\u{9B}2J', 0)", "<U%+202E>x<U%+009B>2J")
add("a key with a zero byte", "return 'a\\0b'", "a match key holds a control character")
add("a key of two lines", "return 'a\\nb'", "a match key holds a control character")
add("a key for other terminals", "return 'a\\u{9B}2J'", "a match key holds a control character")
harmless("a key with an article that is not sorted", "return '\\u{98}The \\u{9C}harbor'", "\u{98}The \u{9C}harbor")
add("a summary for the terminal", "", "'summary' holds a control character", { fields = "summary = '\\27[2J'," })
add("a summary of a megabyte", "", "'summary' is longer than 10000 bytes", { fields = "summary = ('x'):rep(1 << 20)," })
add("an example of 64 megabytes", "", "the message is longer than 64 MB", { before = "local s = 'x' for i = 1, 26 do s = s .. s end",
  fields = "examples = { file_key = { [s] = 'x' } }," })
add("help for the terminal", "", "a text holds a control character", { fields = "args = { { 'x', 'string', help = '\\27]0;x\\7' } }," })
add("choices that are tables", "", "choices and lists hold text", { fields = "args = { { 'x', 'choice', choices = { {} } } }," })
add("a default that is no number", "", "the default of 'x' is no number", { fields = "args = { { 'x', 'number', default = 0/0 } }," })
add("examples that hold tables", "", "title_keys case 1 must be",
  { fields = "examples = { title_keys = { { files = { {} }, keys = {} } } }," })

-- answers made of what is not the recipe's
add("another recipe in a rule", "return extend 'jpg-derivatives' {}", "extend stands at the top of a recipe, not in a rule")
harmless("a library as a list of keys", "", "", { title_keys = "return string" })
harmless("the environment as changes", "", "", { title_keys = "return 'a'", changes = "return _ENV" })
harmless("the title as changes", "", "", { title_keys = "return 'a'", changes = "return title" })
add("100,000 changes", "", "gives more than 10000 changes", { title_keys = "return 'a'",
  changes = "local t = {} for i = 1, 100000 do t[i] = add.collection { collection = 'c' .. i } end return t" })
add("a file a million times", "", "each once", { title_keys = "return 'a'",
  changes = "local f = {} for i = 1, 1000000 do f[i] = files[1] end " ..
  "return add.representation { usage_type = 'U', library = 'L', files = f }" })
add("files that are far away", "", "give what add%.representation", { title_keys = "return 'a'",
  changes = "return { kind = 'add.representation', usage_type = 'U', library = 'L', files = { [1 << 40] = files[1] } }" })
add("another title named in a change", "", "give what add%.representation", { title_keys = "return 'a'",
  changes = "return { kind = 'add.representation', usage_type = 'U', library = 'L', files = files, mms_id = '9913' }" })
add("an undeclared change behind a declared one", "", "proposes delete%.file, but its effects do not declare 'delete'",
  { title_keys = "return 'a'", changes = "return { add.collection { collection = '81' }, " ..
    "delete.file { file = { pid = '23', representation = { id = '12' } } } }" })

return m
