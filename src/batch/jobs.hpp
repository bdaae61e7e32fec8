// SPDX-License-Identifier: MIT
// What synth makes: the utterances of its inputs, and the file that each goes to.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "arrays/mel_input.hpp"

namespace glowvox::batch {

struct Input {
  std::string path;
  bool sound = false;  // whose mel is computed first
};

// One utterance of an input.
struct Job {
  Input input;
  std::int64_t utterance = 0, utterances = 1;  // which, from 0, of how many
  std::string out;
  double seconds = 0.0;  // of sound, nearly; 0 where a pipe does not tell
  std::string failure;   // why the input cannot be used; empty: it can

  std::string name() const;  // for messages
};

// What -o and --format say.
struct Target {
  std::string path;    // a file, a folder or - for standard output
  std::string format;  // of add_format_to: the files' extension in a folder
};

// The mel files of a run, each opened when its first utterance is made and closed after its last.
class SharedMels {
 public:
  SharedMels(int bands, arrays::MelReadOptions options);
  // For a look at it; what can be read only once (standard input, a FIFO) is kept.
  std::shared_ptr<const arrays::MelReader> look(const std::string& path);
  // To be called once for each of its utterances. May be called from several threads at once.
  std::shared_ptr<const arrays::MelReader> take(const std::string& path);

 private:
  struct Held {
    std::shared_ptr<const arrays::MelReader> reader;
    std::int64_t left = 0;  // utterances
  };
  int bands_;
  arrays::MelReadOptions options_;
  std::mutex mutex_;
  std::map<std::string, Held> held_;
};

// Whether -o names a folder: it is one, ends in a slash, or there are several inputs.
bool names_folder(const std::string& out, std::size_t inputs);

// The utterances of all inputs in their order, the files named after the inputs in a folder, else
// the target's path, and numbered where an input has several. Of several inputs one that cannot be
// read is a job with a failure. Throws Error for an only one, for two outputs of one name, and
// where an output would overwrite an input.
std::vector<Job> jobs_of(const std::vector<Input>& inputs, const Target& target,
                         const MelSpec& spec, const arrays::MelConversion& conversion,
                         SharedMels* mels);

}  // namespace glowvox::batch
