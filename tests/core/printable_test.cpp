// SPDX-License-Identifier: MIT
#include "core/printable.hpp"

#include <doctest/doctest.h>

using glowvox::printable;

TEST_CASE("text that can be printed stays as it is") {
  for (const char* text : {"", "a b", "Grüße/声.wav", "каталог", "\\n", "\xf0\x9f\x8e\xb5"})
    CHECK(printable(text) == text);
}

TEST_CASE("what cannot be printed is escaped") {
  CHECK(printable("a\tb\r\n") == "a\\tb\\r\\n");
  CHECK(printable("\x1b[31m\x07\x7f") == "\\x1b[31m\\x07\\x7f");
  CHECK(printable(std::string("\0RIFF", 5)) == "\\x00RIFF");
  // Bytes that are not UTF-8: Latin-1, a character cut short, an overlong one, half a pair, one
  // beyond the last.
  CHECK(printable("Gr\xfc\xdf") == "Gr\\xfc\\xdf");
  CHECK(printable("\xe5\xa3") == "\\xe5\\xa3");
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  // A control character in two bytes (CSI), a change of direction, a byte-order mark.
  CHECK(printable("\xc2\x9b") == "\\u{009b}");
  CHECK(printable("\xe2\x80\xae") == "\\u{202e}");
  CHECK(printable("\xef\xbb\xbf") == "\\u{feff}");
}

TEST_CASE("of long text the middle is left out, between characters") {
  CHECK(printable("0123456789", 10) == "0123456789");
  CHECK(printable("0123456789a", 6) == "0123 ... 9a");
  CHECK(printable("ääääää", 3) == "ää ... ä");
  CHECK(printable(std::string(100000, 'x')).size() < 1100);
}
