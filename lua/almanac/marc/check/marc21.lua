-- MARC 21 as a table: which fields and subfields of a bibliographic record may be there
-- once, and which indicators and codes they have. Facts of the Library of Congress, "MARC 21
-- Format for Bibliographic Data" (https://www.loc.gov/marc/bibliographic/) and its lists of
-- obsolete designators. Where two compilations of it differ, what either allows is allowed,
-- and obsolete designators are allowed too: old records have them rightly.
local m = {}

-- A line is: tag; ! once or * repeatable; indicators 1 and 2, with _ for the blank; the codes
-- that are letters; those of them that may be there once. "." is none. Digits as codes are
-- control subfields, which more and more fields get, so they aren't listed. Tags with a 9
-- are local.
m.BIBLIOGRAPHIC = [[
001 !
003 !
005 !
006 *
007 *
008 !
010 ! _ _ abz a
013 * _ _ a-f a-c
015 * _ _ aqz .
016 * _7 _ az a
017 * _ _8 abdiz bdi
018 ! _ _ a a
020 * _ _ a-cqz ac
022 * _01 _ a-clmyz a
023 * 01 _ ayz a
024 * 0-478 _01 a-dqz acd
025 * _ _ a .
026 * _ _ a-e a-ce
027 * _ _ aqz a
028 * 0-6 0-3 abq ab
030 * _ _ az a
031 * _ _ a-egm-uyz a-cegm-pr
032 * _ _ ab ab
033 * _0-2 _0-2 a-cp .
034 * 0-3 _01 a-hjkmnpr-tx-z ad-gjkmnprx-z
035 * _ _ az a
036 * _ _ ab ab
037 * _23 _ a-cfgn ab
038 ! _ _ a a
040 ! _ _ a-e a-c
041 * _01 _7 a-kmnp-rt .
042 ! _ _ a .
043 * _ _ a-c .
044 ! _ _ a-c .
045 ! _0-2 _ a-c .
046 * _1-3 _ a-ej-pxz a-ej-p
047 * _ _7 a .
048 * _ _7 ab .
050 * _01 _0-4 abd b
051 * _ _ a-c a-c
052 * _017 _ a-d a
055 * _01 0-9 ab ab
060 * _01 _0-4 ab b
061 * _ _ a-c bc
066 * _ _ a-c ab
070 * _01 _ ab b
071 * _ _ a-c b
072 * _ _07 ax a
074 * _ _ az a
080 * _01 _ abx ab
082 * _0-27 _04 abmq mq
083 * 017 _ acmqyz mq
084 * _ _ abq bq
085 * _ _ a-cfr-wyz .
086 * _0-9 _ az a
088 * _ _ az a
100 ! 0-3 _01 a-gj-lnpqtu abdflqtu
110 ! 0-2 _01 a-gklnptu afltu
111 ! 0-2 _01 ac-gj-lnpqtu aflqtu
130 ! 0-9 _01 adf-hk-pr-t afhlort
210 * 01 _0 ab ab
222 * _ 0-9 ab ab
240 ! 0-3 0-9 adf-hk-prs afhlor
242 * 01 0-9 a-ehnpy a-chy
243 ! 0-3 0-9 adf-hk-prs afhlor
245 ! 01 0-9 a-hknps a-cf-hs
246 * 0-3 _0-8 a-inp abfhi
247 * 01 01 a-hnpx abfhx
250 * _ _ ab ab
251 * _ _ a .
254 ! _ _ a a
255 * _ _ a-g a-g
256 ! _ _ a a
257 * _ _ a .
258 * _ _ ab ab
260 * _0-3 _ a-gkl .
263 ! _ _ a a
264 * _23 0-4 a-c .
270 * _12 _07 a-np-rz b-i
300 * _ _ a-gmn be
306 ! _ _ a .
307 * _8 _ ab ab
310 * _ _ ab ab
321 * _ _ ab ab
334 * _ _ ab ab
335 * _ _ ab ab
336 * _ _ ab .
337 * _ _ ab .
338 * _ _ ab .
340 * _ _ a-q .
341 * _01 _ a-e a
342 * 01 0-8 a-w a-dg-w
343 * _ _ a-i a-i
344 * _ _ a-j .
345 * _ _ a-d .
346 * _ _ ab .
347 * _ _ a-f .
348 * _ _ a-d .
351 * _ _ a-c c
352 * _ _ a-giq ad-gi
353 * _ _ ab .
355 * 0-58 _ a-hj ad-h
357 ! _ _ a-cg a
361 * _01 _ afklosux-z aklsy
362 * 01 _ az az
363 * _01 _01 a-muvxz a-muv
365 * _01 _01 a-km a-km
366 * _ _ a-gjkm a-gjkm
370 * _ _ cfgis-v st
377 * _ _7 al .
380 * _ _ a .
381 * _ _ auv .
382 * _0-3 _01 abdenpr-tv r-t
383 * _01 _ a-e de
384 * _0-2 _ a a
385 * _ _ abmn mn
386 * _ _ abimn mn
387 * _ _ a-m .
388 * _12 _ a .
400 * 0-3 01 a-gklnpt-vx abdfglt-vx
410 * 0-2 01 a-gklnpt-vx acfglt-vx
411 * 0-2 019 ac-gklnpqt-vx acdfglqt-vx
440 * _ 0-9 ahnpv-x avx
490 * 01 _ alvx-z l
500 * _ _ alxz a
501 * _ _ a a
502 * _ _ a-dgo a-d
504 * _ _ ab ab
505 * 0-28 _0 agrtu a
506 * _01 _ a-gqu a
507 * _ _ ab ab
508 * _ _ a a
510 * 0-4 _ a-cux a-cx
511 * 0-3 _ a a
513 * _ _ ab ab
514 * _ _ a-kmuz ad-fim
515 * _ _ az a
516 * _8 _ a a
518 * _ _ adop a
520 * _0-48 _ a-cuz a-c
521 * _0-48 _ ab b
522 * _8 _ a a
524 * _8 _ a a
525 * _ _ az a
526 * 08 _ a-dixz a-di
530 * _ _ a-duz a-d
532 * 0-28 _ az a
533 * _ _ a-fmny ade
534 * _ _ a-cefk-ptxz a-celmpt
535 * 0-3 _ a-dg ag
536 * _ _ a-h a
538 * _ _ aiu ai
540 * _ _ a-dfgqu a-dq
541 * _01 _ a-fhno a-fh
542 * _01 _ a-su a-cgijlmoq-s
544 * _01 _ a-en .
545 * _01 _ abu ab
546 * _ _ abz a
547 * _ _ az a
550 * _ _ az a
552 * _ _ a-puz a-dg-n
555 * _08 _ a-du acd
556 * _8 _ az a
561 * _01 _ abu a
562 * _ _ a-e .
563 * _ _ au a
565 * _08 _ a-e a
567 * _8 _ ab a
580 * _ _ az a
581 * _8 _ az a
583 * _01 _ a-fh-lnouxz a
584 * _ _ ab .
585 * _ _ a a
586 * _8 _ a a
588 * _01 _ a a
600 * 0-3 0-7 a-hj-vx-z abdfhloqrtu
610 * 0-2 0-7 a-hk-pr-vx-z afhlortu
611 * 0-2 0-7 ac-hj-lnpqs-vx-z afhlqtu
630 * 0-9 0-7 ad-hk-pr-tvx-z afhlort
647 * _ 0-7 ac-egvx-z ad
648 * _ 0-7 aevx-z a
650 * _0-2 0-7 a-egvx-z acd
651 * _ 0-7 abegvx-z a
653 * _0-2 _0-6 a .
654 * _0-2 _ a-cevyz .
655 * _0 0-7 a-cvx-z a
656 * _ 7 akvx-z ak
657 * _ 7 avx-z a
658 * _ _ a-d acd
662 * _ _ a-h bd
688 * _ _7 aeg a
700 * 0-3 _0-2 a-ux abdfhloqrtux
710 * 0-2 _0-2 a-ik-pr-ux afhlortux
711 * 0-2 _0-2 ac-lnpqs-ux afhlqtux
720 * _12 _ ae a
730 * 0-9 _0-2 adf-ik-pr-tx afhlortx
740 * _0-9 _0-3 ahnp ah
751 * _ _ aeg a
752 * _ _ a-h bd
753 * _ _ a-c a-c
754 * _ _ acdxz .
758 * _ _ ai a
760 * 01 _8 a-dg-il-ostw-y a-dhmstxy
762 * 01 _8 a-dg-il-ostw-y a-dhmstxy
765 * 01 _8 a-dg-ik-or-uw-z a-dhms-uxy
767 * 01 _8 a-dg-ik-or-uw-z a-dhms-uxy
770 * 01 _8 a-dg-ik-or-uw-z a-dhms-uxy
772 * 01 _018 a-dg-ik-or-uw-z a-dhms-uxy
773 * 01 _8 abdg-ik-uw-z abdhmpqs-uxy
774 * 01 _08 a-dg-ik-or-uw-z a-dhms-uxy
775 * 01 _0-28 a-ik-or-uw-z a-fhms-uxy
776 * 01 _8 a-dg-ik-or-uw-z a-dhms-uxy
777 * 01 _0-28 a-dg-ik-or-uw-z a-dhms-uxy
780 * 01 0-7 a-dg-ik-or-uw-z a-dhms-uxy
785 * 01 0-8 a-dg-ik-or-uw-z a-dhms-uxy
786 * 01 _8 a-dg-pr-z a-dhjmps-vxy
787 * 01 _8 a-dg-ik-or-uw-z a-dhms-uxy
788 * 01 _8 abdeilnstwx abdestx
800 * 0-3 _ a-hj-y abdfhloqrt-vx
810 * 0-2 _ a-hk-pr-y afhlort-vx
811 * 0-2 _ ac-hj-lnpqs-y afhlqt-vx
830 * _ 0-9 adf-hk-pr-tv-y afhlortvx
850 * _ _ abde .
852 * _0-8 _0-2 a-npqs-uxz ahjlnpqt
856 * _0-47 _0-48 a-z op
857 * _147 _0-48 b-hl-nq-ux-z b-df
881 * _ _ a-n .
882 ! _ _ aiw .
883 * _0-2 _ acdquwx acdqux
884 * _ _ agkqu agkq
885 * _ _ a-dwxz a-d
886 * 0-2 _ a-z .
887 * _ _ a a
]]

-- Fields that may be there once, of the formats for authority data and holdings data.
m.AUTHORITY = "001 003 005 008 010 040 042 066 663 664 665 666 675 682"
m.HOLDINGS = "001 003 004 005 008 010 040 066 842 844"

-- Fields of which a record has one, of whichever of the tags.
m.ONE_OF = {
  bibliographic = { "100", "110", "111", "130" },
  authority = { "100", "110", "111", "130", "147", "148", "150", "151", "155", "162", "180", "181", "182", "185" },
  holdings = {},
}

-- leader/06 of the formats; "b", "h" and "n" are obsolete.
m.TYPES = {
  bibliographic = "abcdefghijkmnoprt", authority = "z", holdings = "uvxy", classification = "w", community = "q",
}

-- Characters that control fields have.
m.LENGTHS = {
  bibliographic = { ["005"] = 16, ["006"] = 18, ["008"] = 40 },
  authority = { ["005"] = 16, ["008"] = 40 },
  holdings = { ["005"] = 16, ["008"] = 32 },
  classification = { ["005"] = 16, ["008"] = 14 },
  community = { ["005"] = 16 },
}

-- Subfields that hold an ISBN or an ISSN; cancelled and wrong ones have subfields of their own.
m.NUMBERS = {
  isbn = { "020$a", "534$z", "556$z", "581$z", "765$z", "767$z", "770$z", "772$z", "773$z", "774$z", "775$z", "776$z", "777$z",
    "780$z", "785$z", "786$z", "787$z" },
  issn = { "022$a", "022$l", "440$x", "490$x", "534$x", "700$x", "710$x", "711$x", "730$x", "760$x", "762$x", "765$x", "767$x",
    "770$x", "772$x", "773$x", "774$x", "775$x", "776$x", "777$x", "780$x", "785$x", "786$x", "787$x", "800$x", "810$x", "811$x",
    "830$x" },
}

return m
