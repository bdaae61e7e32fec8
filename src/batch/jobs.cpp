// SPDX-License-Identifier: MIT
#include "batch/jobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "audio/sound_file.hpp"
#include "core/messages.hpp"
#include "core/path.hpp"
#include "core/platform.hpp"
#include "core/streams.hpp"
#include "glowvox/error.hpp"

namespace glowvox::batch {

namespace fs = std::filesystem;

namespace {

// What can be read only once.
bool is_pipe(const std::string& path) {
  std::error_code unknown;
  const fs::file_status status = fs::status(path_of(path), unknown);
  return is_standard(path) || (fs::exists(status) && !fs::is_regular_file(status));
}

std::string output_of(const Job& job, const Target& target, bool folder) {
  fs::path path = path_of(target.path);
  if (folder) {
    const std::string stem =
        is_standard(job.input.path) ? "stdin" : utf8_of(path_of(job.input.path).stem());
    path /= path_of(stem + "." + (target.format.empty() ? "wav" : target.format));
  }
  if (job.utterances > 1)
    path.replace_filename(path_of(fmt::format("{}-{:04}{}", utf8_of(path.stem()), job.utterance + 1,
                                              utf8_of(path.extension()))));
  return utf8_of(path);
}

// How many utterances, and how long each is.
void look_at(const MelSpec& spec, const arrays::MelConversion& conversion, SharedMels* mels,
             Job* job) {
  if (job->input.sound) {
    if (is_pipe(job->input.path)) return;
    const audio::FileInfo info = audio::probe(job->input.path);
    job->seconds = static_cast<double>(info.frames) / info.sample_rate_hz;
    return;
  }
  const auto reader = mels->look(job->input.path);
  job->utterances = reader->utterances();
  job->seconds = static_cast<double>(conversion.samples_of(reader->frames())) / spec.sample_rate_hz;
}

void refuse_doubles(const std::vector<Job>& jobs) {
  std::set<std::string> outputs;
  for (const Job& job : jobs)
    if (job.failure.empty() && !outputs.insert(job.out).second)
      throw Error(job.input.path, "would overwrite another input's output, " + job.out,
                  "give inputs with different names");
}

void refuse_overwriting_inputs(const std::vector<Input>& inputs, const std::vector<Job>& jobs) {
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> files;
  std::error_code unknown;
  for (const Input& input : inputs)
    if (const auto state = platform::file_state(input.path);
        state && fs::is_regular_file(path_of(input.path), unknown))
      files[{state->device, state->inode}] = input.path;
  for (const Job& job : jobs) {
    const auto state = platform::file_state(job.out);
    if (!state) continue;
    const auto found = files.find({state->device, state->inode});
    if (found != files.end())
      throw Error(found->second, "would be overwritten", "choose another output");
  }
}

}  // namespace

std::string Job::name() const {
  const std::string path = input_name(input.path);
  return utterances == 1 ? path
                         : fmt::format("{}: utterance {} of {}", path, utterance + 1, utterances);
}

SharedMels::SharedMels(int bands, arrays::MelReadOptions options)
    : bands_(bands), options_(std::move(options)) {
  options_.several = true;
}

std::shared_ptr<const arrays::MelReader> SharedMels::look(const std::string& path) {
  auto reader = std::make_shared<const arrays::MelReader>(path, bands_, options_);
  if (is_pipe(path)) held_[path] = {reader, reader->utterances()};
  return reader;
}

std::shared_ptr<const arrays::MelReader> SharedMels::take(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Held& held = held_[path];
  if (!held.reader) {
    held.reader = std::make_shared<const arrays::MelReader>(path, bands_, options_);
    held.left = held.reader->utterances();
  }
  const std::shared_ptr<const arrays::MelReader> reader = held.reader;
  if (--held.left == 0) held_.erase(path);
  return reader;
}

bool names_folder(const std::string& out, std::size_t inputs) {
  return inputs > 1 || (!out.empty() && !path_of(out).has_filename()) ||
         fs::is_directory(path_of(out));
}

std::vector<Job> jobs_of(const std::vector<Input>& inputs, const Target& target,
                         const MelSpec& spec, const arrays::MelConversion& conversion,
                         SharedMels* mels) {
  const bool folder = names_folder(target.path, inputs.size());
  std::vector<Job> jobs;
  for (const Input& input : inputs) {
    Job job;
    job.input = input;
    try {
      look_at(spec, conversion, mels, &job);
    } catch (const std::exception& e) {
      if (inputs.size() == 1) throw;
      job.failure = message_of(e);
    }
    for (; job.utterance < job.utterances; ++job.utterance) {
      job.out = output_of(job, target, folder);
      jobs.push_back(job);
    }
  }
  refuse_doubles(jobs);
  refuse_overwriting_inputs(inputs, jobs);
  return jobs;
}

}  // namespace glowvox::batch
