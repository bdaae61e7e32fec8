// SPDX-License-Identifier: MIT
#include "train/sound_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

#include "arrays/mel_file.hpp"
#include "audio/formats.hpp"
#include "audio/sound_file.hpp"
#include "core/atomic_file.hpp"
#include "core/printable.hpp"
#include "core/text.hpp"
#include "glowvox/error.hpp"
#include "train/list_table.hpp"
#include "train/pack.hpp"

namespace glowvox::train {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kSampled = 20;     // lines that tell what kind of list it is
constexpr std::size_t kMostQuoted = 80;  // characters of a line in a message
constexpr char kNoSeparator = '\0', kKaldi = ' ';
constexpr std::array<const char*, 4> kFolders = {"wavs", "wav", "clips", "audio"};
// What the headers of tables call the column of paths; the first of them that is there.
constexpr std::array<const char*, 22> kPathColumns = {
    "path",     "audio_path", "audio_filepath", "audio_file", "wav_path",  "wav_filename",
    "wav_file", "file_path",  "filepath",       "file_name",  "filename",  "file",
    "wav",      "audio",      "sound",          "clip",       "recording", "id",
    "utt_id",   "utterance",  "utterance_id",   "name"};

bool is_sound_name(const std::string& name) { return audio::named(name) == audio::Named::kSound; }

bool is_file(const fs::path& path) {
  std::error_code unknown;
  return fs::exists(path, unknown) && !fs::is_directory(path, unknown);
}

// Where the sounds of a list are.
class Finder {
 public:
  explicit Finder(const std::string& list) : base_(fs::path(list).parent_path()), within_({""}) {
    std::error_code unknown;
    for (const char* folder : kFolders)
      if (fs::is_directory(base_ / folder, unknown)) within_.emplace_back(folder);
  }
  std::optional<ListedSound> find(const std::string& name) const {
    if (name.empty()) return std::nullopt;
    if (auto found = find_exactly(name)) return found;
    const std::string bare = trimmed(name);
    return bare == name || bare.empty() ? std::nullopt : find_exactly(bare);
  }
  // Where it is, or where it would be.
  ListedSound place(const std::string& name, std::size_t line) const {
    ListedSound sound = find(name).value_or(ListedSound{name, (base_ / name).string(), 0, ""});
    sound.line = line;
    return sound;
  }
  std::string place_mel(const std::string& name) const {
    const fs::path beside = base_ / name;
    return is_file(beside) || !is_file(name) ? beside.string() : name;
  }

 private:
  std::optional<ListedSound> find_exactly(const std::string& name) const {
    for (const fs::path& folder : within_)
      if (auto found = complete(base_, (folder / name).string())) return found;
    return complete("", name);
  }
  static std::optional<ListedSound> complete(const fs::path& base, const std::string& name) {
    if (is_file(base / name)) return ListedSound{name, (base / name).string(), 0, ""};
    if (is_sound_name(name)) return std::nullopt;
    for (const char* extension : audio::kUsualExtensions)
      if (is_file(base / (name + extension)))
        return ListedSound{name + extension, (base / (name + extension)).string(), 0, ""};
    return std::nullopt;
  }
  fs::path base_;
  std::vector<fs::path> within_;  // of the base
};

// Kaldi's "id path": what stands behind the id, or nothing.
std::string behind_id(const std::string& line) {
  const std::string text = trimmed(line);
  const std::size_t blank = text.find_first_of(" \t");
  return blank == std::string::npos ? "" : trimmed(text.substr(blank));
}

bool is_command(const std::string& what) { return !what.empty() && what.back() == '|'; }

// "sounds.ark:1234"
bool is_in_archive(const std::string& what) {
  const std::size_t colon = what.rfind(':');
  return colon != std::string::npos && colon + 1 < what.size() &&
         what.find_first_not_of("0123456789", colon + 1) == std::string::npos &&
         ends_with(what.substr(0, colon), ".ark");
}

std::size_t rank_as_column(const std::string& name) {
  return static_cast<std::size_t>(
      std::find(kPathColumns.begin(), kPathColumns.end(), lowercase(name)) - kPathColumns.begin());
}

bool names_paths(const std::string& field) { return rank_as_column(field) < kPathColumns.size(); }

std::string unquoted(const std::string& field) {
  const bool quoted = field.size() > 1 && field.front() == '"' && field.back() == '"';
  return quoted ? field.substr(1, field.size() - 2) : field;
}

// A table of commas can be told from paths with commas in them: by its header, or by a first field
// that is a sound file's name in lines that are not.
bool is_comma_table(const std::vector<Line>& lines, const Finder& finder) {
  const std::string& first = lines.front().text;
  auto fields = rows_of({lines.front()}, ',').front().fields;
  std::transform(fields.begin(), fields.end(), fields.begin(), unquoted);
  if (std::any_of(fields.begin(), fields.end(), names_paths)) return true;
  if (fields.size() < 2) return false;
  if (is_sound_name(fields.front()) && !is_sound_name(first)) return true;
  const auto is_there = [&](const std::string& field) { return finder.find(field).has_value(); };
  if (std::any_of(fields.begin(), fields.end(), is_there)) return true;
  if (is_sound_name(first) || lines.size() < 2) return false;
  auto next = rows_of({lines[1]}, ',').front().fields;
  std::transform(next.begin(), next.end(), next.begin(), unquoted);
  return std::any_of(next.begin(), next.end(), is_sound_name);
}

// What separates the fields of these lines.
char separator_of(const std::string& list, const std::vector<Line>& lines, const Finder& finder) {
  const auto sampled =
      lines.begin() + static_cast<std::ptrdiff_t>(std::min(kSampled, lines.size()));
  const auto any = [&](const auto& is) {
    return std::any_of(lines.begin(), sampled, [&](const Line& line) { return is(line.text); });
  };
  // A table of one column.
  if (names_paths(unquoted(trimmed(lines.front().text))) && !finder.find(lines.front().text))
    return ',';
  if (any([&](const std::string& text) { return finder.find(text).has_value(); }))
    return kNoSeparator;
  const std::string& first = lines.front().text;
  const std::string bar = trimmed(first.substr(0, first.find('|')));
  const bool command = is_command(trimmed(first)) &&
                       bar.find_first_of(" \t") != std::string::npos && !finder.find(bar);
  if (command || fs::path(list).extension() == ".scp") return kKaldi;
  if (first.find('|') != std::string::npos) return '|';
  if (first.find('\t') != std::string::npos) return '\t';
  if (is_comma_table(lines, finder)) return ',';
  const bool kaldi = any([&](const std::string& text) {
    const std::string behind = behind_id(text);
    return is_in_archive(behind) || finder.find(behind);
  });
  return kaldi ? kKaldi : kNoSeparator;
}

// The column of paths of a table, and whether its first row is a header.
struct Column {
  std::size_t index = 0;
  bool header = false;
};

Column column_of(const std::string& list, const std::vector<Row>& rows, char separator,
                 const Finder& finder) {
  const auto& first = rows.front().fields;
  Column column;
  column.header = std::any_of(first.begin(), first.end(), [&](const std::string& field) {
    return names_paths(field) && !finder.find(field);
  });
  const auto rank = [&](std::size_t c) {
    return column.header && c < first.size() ? rank_as_column(first[c]) : kPathColumns.size();
  };
  std::size_t most = 0, columns = 0;
  const std::size_t sampled = std::min(rows.size(), kSampled);
  for (std::size_t r = 0; r < sampled; ++r) columns = std::max(columns, rows[r].fields.size());
  for (std::size_t c = 0; c < columns; ++c) {
    std::size_t hits = 0;
    for (std::size_t r = column.header ? 1 : 0; r < sampled; ++r)
      hits += c < rows[r].fields.size() && !arrays::is_mel_name(rows[r].fields[c]) &&
              (is_sound_name(rows[r].fields[c]) || finder.find(rows[r].fields[c]));
    if (hits > most || (hits == most && rank(c) < rank(column.index))) column.index = c;
    most = std::max(most, hits);
  }
  // A header in words that nobody knows: every other row has a sound file's name there.
  const auto named = [&](const Row& row) {
    return column.index < row.fields.size() && is_sound_name(row.fields[column.index]);
  };
  if (!column.header && sampled > 1 && !named(rows.front()) && most == sampled - 1)
    column.header =
        std::all_of(rows.begin() + 1, rows.begin() + static_cast<std::ptrdiff_t>(sampled), named);
  if (most == 0 && separator == ',' && rank(column.index) == kPathColumns.size())
    throw Error(list,
                fmt::format("expected a table with a column of paths, got \"{}\"",
                            printable(fmt::format("{}", fmt::join(first, ",")), kMostQuoted)),
                "call the column path in the table's first line");
  return column;
}

// The column of mel files: the first in which all rows have such names.
std::optional<std::size_t> mel_column_of(const std::vector<Row>& rows, const Column& sounds) {
  const auto begin = rows.begin() + (sounds.header ? 1 : 0);
  const auto end = begin + std::min<std::ptrdiff_t>(kSampled, rows.end() - begin);
  const std::size_t columns = begin == end ? 0 : begin->fields.size();
  for (std::size_t column = 0; column < columns; ++column)
    if (std::all_of(begin, end, [column](const Row& row) {
          return column < row.fields.size() && arrays::is_mel_name(row.fields[column]);
        }))
      return column;
  return std::nullopt;
}

SoundList read_table(const std::string& list, const std::vector<Line>& all, char separator,
                     const Finder& finder) {
  const std::vector<Row> rows =
      separator == ',' ? comma_rows_of(list, all) : rows_of(without_comments(all), separator);
  const Column column = column_of(list, rows, separator, finder);
  const char* const by = separator == '|' ? "bars" : separator == '\t' ? "tabs" : "commas";
  SoundList table{
      list, fmt::format("a table separated by {}, paths in column {}", by, column.index + 1), {}};
  if (column.header)
    table.form +=
        fmt::format(" (\"{}\")", printable(rows.front().fields[column.index], kMostQuoted));
  const std::optional<std::size_t> mels = mel_column_of(rows, column);
  if (mels) table.form += fmt::format(", mels in column {}", *mels + 1);
  for (std::size_t r = column.header ? 1 : 0; r < rows.size(); ++r) {
    const auto& fields = rows[r].fields;
    if (fields.size() <= column.index || fields[column.index].empty())
      throw Error(
          list, fmt::format("expected a path in column {} of line {}, got \"{}\"", column.index + 1,
                            rows[r].line,
                            printable(fmt::format("{}", fmt::join(fields, " ")), kMostQuoted)));
    table.sounds.push_back(finder.place(fields[column.index], rows[r].line));
    if (mels && *mels < fields.size() && !fields[*mels].empty())
      table.sounds.back().mel = finder.place_mel(fields[*mels]);
  }
  return table;
}

SoundList read_kaldi(const std::string& list, const std::vector<Line>& lines,
                     const Finder& finder) {
  SoundList scp{list, "Kaldi's wav.scp: an id, then a path", {}};
  for (const Line& line : lines) {
    const std::string what = behind_id(line.text);
    const auto refuse = [&](const std::string& got, const std::string& hint) {
      throw Error(list,
                  fmt::format("expected an id and a path in line {}, got {}: \"{}\"", line.number,
                              got, printable(line.text, kMostQuoted)),
                  hint);
    };
    if (what.empty()) refuse("one word", "");
    if (is_command(what))
      refuse("a command, and none is run",
             "write what it makes into sound files (Kaldi: wav-copy) and list these");
    if (is_in_archive(what))
      refuse("a place in an archive", "write it into sound files (Kaldi: wav-copy) and list these");
    scp.sounds.push_back(finder.place(what, line.number));
  }
  return scp;
}

bool can_be_opened(const std::string& sound) {
  try {
    audio::probe(sound);
  } catch (const Error&) {
    return false;
  }
  return true;
}

// A sound file has more bytes than a message, or memory, should get.
void refuse_sound(const std::string& list) {
  std::error_code unknown;
  if (!fs::is_regular_file(list, unknown)) return;
  std::ifstream file(list, std::ios::binary);
  std::string head(4096, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  if (head.compare(0, sizeof kPackMagic, kPackMagic, sizeof kPackMagic) == 0)
    throw Error(list, "is a packed corpus, expected a list of sound files or a folder");
  try {
    all_lines_of(list, head);
  } catch (const Error&) {
    // UTF-16 begins like a frame of MPEG.
    if (!is_sound_name(list) && (is_utf16(head) || !can_be_opened(list))) throw;
    throw Error(list, "is a sound file, expected a list of sound files",
                "give the folder it is in, or a text file with a path on each line");
  }
}

SoundList read_list(const std::string& list) {
  refuse_sound(list);
  const std::vector<Line> all = all_lines_of(list, read_file(list));
  const std::vector<Line> lines = without_comments(all);
  if (lines.empty()) throw Error(list, "expected a path on each line, found none");
  const Finder finder(list);
  const char separator = separator_of(list, lines, finder);
  if (separator == kKaldi) return read_kaldi(list, lines, finder);
  if (separator != kNoSeparator) {
    SoundList table = read_table(list, all, separator, finder);
    if (table.sounds.empty()) throw Error(list, "expected rows under the header, found none");
    return table;
  }
  SoundList paths{list, "", {}};
  for (const Line& line : lines) paths.sounds.push_back(finder.place(line.text, line.number));
  return paths;
}

// Of names that may be another program's, those that hold sound.
bool is_sound(const fs::path& path) {
  // What macOS leaves beside files on other disks.
  if (path.filename().string().compare(0, 2, "._") == 0) return false;
  const audio::Named named = audio::named(path.string());
  if (named != audio::Named::kMaybe) return named == audio::Named::kSound;
  return can_be_opened(path.string());
}

SoundList read_folder(const std::string& folder) {
  SoundList list{folder, "", {}};
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.is_regular_file() && is_sound(entry.path()))
        list.sounds.push_back(
            {entry.path().lexically_relative(folder).string(), entry.path().string(), 0, ""});
  } catch (const fs::filesystem_error& e) {
    throw Error(e.path1().empty() ? folder : e.path1().string(),
                "cannot be looked into: " + e.code().message());
  }
  if (list.sounds.empty())
    throw Error(folder,
                "expected sound files (wav, flac, ogg, opus, mp3, ...) in this folder, found none");
  std::sort(list.sounds.begin(), list.sounds.end(),
            [](const ListedSound& a, const ListedSound& b) { return a.name < b.name; });
  return list;
}

}  // namespace

SoundList read_sound_list(const std::string& list_or_folder) {
  std::error_code unknown;
  return fs::is_directory(list_or_folder, unknown) ? read_folder(list_or_folder)
                                                   : read_list(list_or_folder);
}

}  // namespace glowvox::train
