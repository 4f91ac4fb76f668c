-- The collection of a rehearsal without --titles: a small college's photographs,
-- letters and maps, with the cases that a run must cope with.
return [[
# one row a file; rows of one title and usage type belong together
mms_id,title,usage_type,file_name,size,collection,format
991000000010009001,Men's glee club at the chapel,PRESERVATION_MASTER,college_16001_OBJ.tif,16086776,Photographs,dc
991000000020009001,Women's hockey team 1911,PRESERVATION_MASTER,college_16002_OBJ.tif,15989624,Photographs,dc
991000000030009001,Library reading room,PRESERVATION_MASTER,college_16003_OBJ.tif,15939892,Photographs,dc
991000000040009001,"Commencement, procession",PRESERVATION_MASTER,college_16004_OBJ.tif,15984728,Photographs,dc
991000000050009001,The old observatory,PRESERVATION_MASTER,college_16005_OBJ.tif,15995172,Photographs,dc
991000000050009001,The old observatory,DERIVATIVE_COPY,college_16005_OBJ.jpg,228512,Photographs,dc
991000000060009001,"Letter of Anna Bräuer, 3 May 1893",PRESERVATION_MASTER,ms-3-46_001.tif,24117248,Letters,marc21
991000000060009001,"Letter of Anna Bräuer, 3 May 1893",PRESERVATION_MASTER,ms-3-46_002.tif,24117248,Letters,marc21
991000000060009001,"Letter of Anna Bräuer, 3 May 1893",PRESERVATION_MASTER,ms-3-46_010.tif,24117248,Letters,marc21
991000000070009001,Letter of the trustees,PRESERVATION_MASTER,ms-3-47_001.tif,24117248,Letters,marc21
991000000080009001,Map of the county,PRESERVATION_MASTER,map 12 (north) + index.tif,98117248,Maps,marc21
991000000090009001,Map without a collection,PRESERVATION_MASTER,map_13.tif,98117248,none,marc21
991000000100009001,Title without files,,,,Maps,marc21
]]
