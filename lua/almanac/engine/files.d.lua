---@meta
-- core.files: files and folders. See ../core.d.lua.

---@class almanac.core
local core = {}

-- Names are bytes. "missing" when there is no such file, else "io" unless said.
core.files = {}

---@class almanac.files.stat
---@field size integer bytes
---@field mtime_ns integer nanoseconds since 1970, UTC
---@field mode integer permission bits
---@field device integer number of its file system; another one after the next mounting, perhaps
---@field inode integer its number there
---@field kind "file"|"folder"|"other"

---@class almanac.files.walk
local walk = {}

---Goes through all files below a folder, folder by folder, the entries of each sorted by
---bytes. Names with a leading dot are left out. Links are followed.
---@param folder string
---@param patterns? string[] what is left out, by gitignore's rules; a folder with all that is in it
---@param options? { within: boolean? } within: a link that leads out of the folder is not followed; it comes with the
---  message "a link that leads out of the folder"
---@return almanac.files.walk? walk
---@return string? message
---@return almanac.code? code "parse": a pattern that is none
function core.files.walk(folder, patterns, options) end

---The next file. What can't be read (a folder, a file, a broken link, a link
---back to a folder above it) comes as path, nil, message. What is left out does
---not come. nil alone at the end.
---@return string? path below the folder, parts divided by "/"
---@return integer? size bytes
---@return integer|string|nil mtime_ns nanoseconds since 1970, or the message
function walk:next() end

---The next files, as columns. What can't be read has `false` for its size and
---the message instead of the time; what is left out, the pattern instead of it.
---@param count integer at most, from 1 to 4096
---@return string[] paths empty at the end
---@return (integer|false)[] sizes bytes
---@return (integer|string)[] mtimes_ns nanoseconds since 1970, or the message
---@return table<integer, true> excluded places of what is left out
function walk:batch(count) end

---Ends the walk early. Later calls raise; closing again is fine.
function walk:close() end

---@param path string links are followed
---@return almanac.files.stat? stat
---@return string? message
---@return almanac.code? code
function core.files.stat(path) end

---@param path string an ordinary file
---@param count integer bytes from its start, up to 64 MiB
---@param folder? string that it lies below: then a link out of it, or to nowhere, is an "io"
---@return string? bytes fewer when the file is shorter
---@return string? message
---@return almanac.code? code
function core.files.head(path, count, folder) end

---The mark that core.files.heads takes of a file, and what the file was when it was read.
---@param path string an ordinary file
---@param folder string that it lies below: a link out of it is a "conflict"
---@return integer? mark of length, beginning and end: files of different marks differ
---@return integer|string size bytes; the message when there is no mark
---@return integer|almanac.code mtime_ns nanoseconds since 1970, UTC; the code when there is no mark
function core.files.mark(path, folder) end

---What the markers of a JPEG tell. A number that they don't tell is 0.
---@class almanac.files.jpeg
---@field ended "whole"|"short"|"cut"|"zeros" ends before its header does; has no end marker; zero bytes instead
---@field width integer
---@field height integer
---@field components integer 4: CMYK
---@field orientation integer of EXIF, 1: upright

---@class almanac.files.heads
local heads = {}

---Begins to read how many files begin and end, several at once, and returns while they
---are read: each may wait for its disk.
---@param folder string
---@param paths string[] below the folder, up to 4096
---@param count integer bytes of each, up to 64
---@return almanac.files.heads? heads
---@return string? message why the folder can't be opened
---@return almanac.code? code
function core.files.heads(folder, paths, count) end

---Waits until all are read. Call it once.
---@return (string|false)[] bytes of each; false: it can't be read
---@return table<integer, string> messages by place
---@return integer[] marks of length, beginning and end: files of different marks differ
---@return table<integer, almanac.files.jpeg> jpegs by place, of JPEGs that are not plain
function heads:take() end

---Waits until all are read, and drops them. Closing again is fine.
function heads:close() end

---@param path string a file, also a pipe or device
---@param max? integer bytes, default 64 MiB; a longer file is a failure
---@return string? bytes
---@return string? message
---@return almanac.code? code "limit" when it is longer
function core.files.read(path, max) end

---@param path string an ordinary file
---@param offset? integer bytes, default 0
---@param length? integer bytes, default: to the end; a file that ends before is a failure
---@return string? hex SHA-256
---@return integer|string|nil size bytes that were hashed, or the message
---@return almanac.code? code
function core.files.sha256(path, offset, length) end

---@param path string an ordinary file
---@param offset? integer bytes, default 0
---@param length? integer bytes, default: to the end; a file that ends before is a failure
---@return string? hex MD5
---@return integer|string|nil size bytes that were hashed, or the message
---@return almanac.code? code
function core.files.md5(path, offset, length) end

---@param path string any file or folder on the file system
---@return integer? bytes that may still be written
---@return string? message
---@return almanac.code? code
function core.files.free_space(path) end

---@param path string any file or folder
---@return string? absolute without links, "." and ".." in it
---@return string? message
---@return almanac.code? code "missing"
function core.files.real_path(path) end

---Makes a folder and its parents. That it exists is no failure.
---@param path string
---@param mode integer? rights of what is made, before the umask; 0777 when absent
---@return true? done
---@return string? message
---@return almanac.code? code
function core.files.make_folder(path, mode) end

---Waits until a file, or the names in a folder, are on the disk.
---@param path string
---@return true? done
---@return string? message
---@return almanac.code? code
function core.files.sync(path) end

---The same for all that was written to the file system that a path is on, at once: cheaper than file by file.
---@param path string
---@return true? done
---@return string? message
---@return almanac.code? code
function core.files.sync_disk(path) end

---Makes a folder below TMPDIR, else /tmp, for this user only. The caller removes it.
---@return string? path
---@return string? message
---@return almanac.code? code
function core.files.temp_folder() end

---Removes a file, a link or an empty folder; with `tree` a folder with all that
---is in it. Links are not followed.
---@param path string
---@param options? { tree?: boolean }
---@return true? done
---@return string? message
---@return almanac.code? code
function core.files.remove(path, options) end

---Renames on one file system; a file at `to` is replaced.
---@param from string
---@param to string
---@return true? done
---@return string? message
---@return almanac.code? code
function core.files.rename(from, to) end

---Writes a file that appears whole or not at all: a new file beside it is written to disk and
---then renamed. A link stays and its target is replaced; a device or pipe is written to.
---@param path string
---@param text string
---@param mode? integer rights of a new file before the umask, default 438 (octal 666)
---@return true? done
---@return string? message
---@return almanac.code? code
function core.files.write(path, text, mode) end
