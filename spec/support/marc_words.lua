-- Words that made-up MARC records are put together from, in the scripts that
-- catalogues hold. `marc8` has the same kinds of text as MARC-8 bytes, with the
-- escape sequences of the Library of Congress' specification.
local m = {}

local function words(text)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = word end
  return list
end

m.latin = words [[the of and in a history studies introduction river harbor letters museum annual report society
  proceedings photographs college village map early modern natural science collected works essays on music theatre
  women workers union garden architecture survey county township railway company records catalogue exhibition prints
  drawings portrait landscape diary travels voyage north south between after during war peace economy trade law court
  church school education children poetry stories folk songs language grammar dictionary handbook practice theory
  method analysis papers conference selected edition volume index illustrated guide memoir life times world ancient]]
m.accented = words [[Müller École français Gödel naïve São Paulo Łódź čeština smørrebrød Ångström año mañana über größe
  Dvořák Škoda œuvre façade Zürich Århus Bibliothèque générale Geschichte für Überlieferung où garçon]]
-- the same letters as base and mark, not composed
m.decomposed = words "E\u{301}cole Mu\u{308}ller c\u{327}a Z\u{323}o a\u{30a}\u{301}ngstrom Dvor\u{30c}a\u{301}k i\u{361}a"
m.cjk = words "東京 大学 図書館 中国 歷史 研究 日本語 文学 韓國 조선 왕조 실록 ひらがな カタカナ 音樂 𠮷野家 出版社 叢書 第一卷"
m.arabic = words "كتاب تاريخ الأدب العربي مكتبة القاهرة دراسات في اللغة ספר תולדות ירושלים فارسی ایران"
m.cyrillic = words "история россии москва издательство наука сборник статей литература Ελληνική ιστορία Αθήνα"
m.marks = words([[<b> &amp; & "quoted" it's ]] .. "]]> {dollar} $5 back\\slash a\\n =100 100% // $ \\$")

m.marc8 = {
  "caf\xE2e", "M\xE8uller", "gar\xF0con", "S\xE4ao Paulo", "\xA1\xE2od\xE2z", "sm\xB2rrebr\xB2d", "\xEBi\xECa", "\xB5gean",
  "Vi\xF2\xE3et", "plain", "words", "of", "the", "catalogue", "H\27b2\27sO", "x\27p2\27s", "\27gabc\27s rays",
  "\27(NiSTORIQ\27(B", "\27(NmOSKWA\27(B",
  "\27(2abcde\27(B", "\27(3GHIJK\27(B", "\27(Sabnde\27(B", "\27)Nx\xC1\xC2\27)!E",
  "\27$1!0!!0@!0_\27(B", "\27$1!3!!3@!6_!9!\27(B", "\27$1!<@!?!!B@\27(B", "\27$1i$\"i$$i$&\27(B", "\27$1!E@!H!!K@!N!\27(B",
}

return m
