# cmake -DOUT=FILE -DFILES=A;B -P embed.cmake: writes what initializes a map of file names to the
# files' texts.
set(entries "")
foreach(file IN LISTS FILES)
  file(READ ${file} text)
  cmake_path(GET file FILENAME name)
  string(APPEND entries "{\"${name}\", R\"EMBEDDED(${text})EMBEDDED\"},\n")
endforeach()
file(WRITE ${OUT} "${entries}")
