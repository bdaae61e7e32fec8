// SPDX-License-Identifier: MIT
// glowvox pack: recordings to one file that training reads.
#include "train/pack.hpp"

#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "core/messages.hpp"
#include "core/progress_bar.hpp"
#include "core/result.hpp"
#include "core/streams.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::vector<std::string> lists;
  std::string out;
  train::PackOptions pack;
  double part_mib = 0.0;
  bool json = false;
};

std::string to_text(const train::PackSummary& s, const Options& o) {
  std::string text = fmt::format("{}: {} clips, {} speakers, {:.2f} h at {} Hz, {:.1f} MiB", o.out,
                                 s.clips, s.speakers, s.seconds / 3600.0, o.pack.sample_rate_hz,
                                 static_cast<double>(s.bytes) / (1 << 20));
  if (o.part_mib > 0.0)
    text += fmt::format(" in {} parts, {} and on", s.paths.size(), s.paths.front());
  return text;
}

int run(Options& o) {
  for (const std::string& list : o.lists) {
    o.pack.data.lists.push_back(parse_weighted_path(list));
    refuse_overwriting(o.pack.data.lists.back().path, o.out);
  }
  o.pack.part_bytes = static_cast<std::int64_t>(o.part_mib * (1 << 20));
  ProgressBar bar;
  const train::PackSummary summary =
      train::pack(o.pack, o.out, say, [&](std::size_t done, std::size_t all) {
        bar.show(static_cast<double>(done) / static_cast<double>(all),
                 fmt::format("{} of {} recordings", done, all));
      });
  bar.finish();
  print_result(o.json,
               {{"files", summary.paths},
                {"clips", summary.clips},
                {"speakers", summary.speakers},
                {"seconds", summary.seconds},
                {"bytes", summary.bytes},
                {"sample_rate_hz", o.pack.sample_rate_hz}},
               to_text(summary, o));
  return 0;
}

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option(
         "LIST", o->lists,
         "LIST or LIST:weight: folders, packed corpora or lists (paths, LJSpeech, path|text, "
         "tables, wav.scp); training draws from them by their weights")
      ->required();
  app.add_option("-o,--out", o->out, "Packed corpus to write")->required();
  app.add_option("--rate", o->pack.sample_rate_hz, "Sample rate in Hz: the model's")
      ->check(CLI::Range(1000, 384000))
      ->capture_default_str();
  app.add_option("--part-mib", o->part_mib,
                 "Divide it into parts of at most so many MiB (OUT.part-00, ...), each of use "
                 "alone; 0: one file")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_flag("--incomplete", o->pack.data.incomplete,
               "Take the parts of a packed corpus that are there");
  add_skip_unreadable(app, o->pack.data.skip_unreadable);
  add_speakers(app, o->pack.data.speakers);
  add_json(app, o->json);
  return [o] { return run(*o); };
}

const Registration registration(
    {"pack", Group::kTraining, "Put recordings into one file to train from",
     "  glowvox pack train.txt -o corpus.bin\n"
     "  glowvox pack train.txt:0.4 train-many.txt:0.6 -o corpus.bin --part-mib 30\n"
     "  glowvox train configs/mdct-causal.yaml --data corpus.bin --out runs/a \\\n"
     "    --minutes 60",
     setup});

}  // namespace

}  // namespace glowvox::tools
