#!/usr/bin/sed -Ef
# The headers' plain comments as Doxygen takes them: what stands above a declaration, and behind one.
# A file's first comment is the file's own.
1 {
  s#^// SPDX.*#/// \\file#
  s#^/\* SPDX[^*]*\*/$#/** \\file */#
  s#^/\* SPDX.*#/** \\file#
  b
}
s#^( *)// #\1/// #
s#([^ ].*[;,{]|[A-Z_a-z0-9]) +// #\1 ///< #
s#^( *)/\* #\1/** #
s#([;,]|= [0-9]+,?) +/\* #\1 /**< #
