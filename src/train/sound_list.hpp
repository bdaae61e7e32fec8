// SPDX-License-Identifier: MIT
// Lists of recordings as people have them; the one reader of them all.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace glowvox::train {

struct ListedSound {
  std::string name;      // in the list or below the folder; what a speaker is told by
  std::string path;      // where it is
  std::size_t line = 0;  // of the list, from 1; 0: of a folder
  std::string mel;       // the file of the mel that belongs to it, where a table names one
};

struct SoundList {
  std::string path;  // the list or folder
  std::string form;  // what it was taken for, where it is neither a folder nor plain paths
  std::vector<ListedSound> sounds;
};

// A folder: every sound file below it, sorted; any format that libsndfile reads. A text file:
//   paths                      one a line
//   LJSpeech's metadata.csv    id|text|..., the sounds in wavs/ beside it
//   Tacotron's and VITS's      path|text, path|speaker|text
//   tables                     separated by tabs or commas, with or without a header
//   Kaldi's wav.scp            id path
// (a table may have a column of mel files beside that of sounds)
// in UTF-8 or any bytes that file names have, with or without byte-order mark, CRLF, empty lines
// and # comments. Names are looked for beside the list, in wavs, wav, clips or audio beside it, and
// in the current folder, with .wav, .flac, .ogg, .opus or .mp3 where they have no extension.
// Nothing is opened: that a file is missing is found out later. Throws Error for what is not a
// list, for one without recordings, and for commands and archives in a wav.scp.
SoundList read_sound_list(const std::string& list_or_folder);

}  // namespace glowvox::train
