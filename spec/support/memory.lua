-- The most memory that this process ever held, in bytes, as Linux counts it.
return function()
  for line in io.lines "/proc/self/status" do
    local peak = line:match "^VmHWM:%s+(%d+) kB"
    if peak then return tonumber(peak) * 1024 end
  end
end
