-- Stand-ins for pictures, as small as they can be.
local m = {}

---A JPEG from its first marker to its last. Whatever follows is no part of it,
---so what is put behind makes another file and no broken one.
m.JPEG = "\xFF\xD8\xFF\xFE\0\6tiny\xFF\xD9"

return m
