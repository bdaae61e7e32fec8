// SPDX-License-Identifier: MIT
// glowvox synth: mel to sound.
#include <memory>

#include "batch/synthesis.hpp"
#include "command.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<batch::Request>();
  add_engine(app, o->engine, Model::kUsual);
  app.add_option(
      "--mel", o->mels,
      "Mels: npy, npz, PyTorch or safetensors files, raw float32 (.f32), or - for standard input; "
      "several are made at once, each by a thread");
  app.add_option("--wav", o->wavs,
                 "Sound files to copy, or - for standard input: their mel is computed first");
  app.add_option(
         "-o,--out", o->out,
         "wav, flac or ogg, or - for standard output; or a folder, made if need be (several "
         "inputs, or a path that ends "
         "in /), with a wav of each input's name. Several utterances in a mel, [utterances, "
         "bands, frames], are numbered: out-0001.wav")
      ->required();
  add_format(app, o->format);
  add_sampling(app, o->engine);
  add_mel(app, o->mel);
  add_finishing(app, o->engine);
  app.add_option("--picture", o->picture,
                 "Spectrogram of the result: .svg with axes, .png without");
  app.add_flag("--force", o->force, "Make sound of a mel that cannot be speech for the model");
  app.add_flag("--skip-existing", o->skip_existing,
               "Pass over inputs whose output is there: goes on with a batch that was stopped");
  add_json(app, o->json);
  return [o] { return batch::synthesize_files(*o); };
}

const Registration registration(
    {"synth", Group::kSound, "Synthesize sound from mel spectrograms",
     "  glowvox synth --mel samples/kerstin.npy -o out.wav\n"
     "  glowvox synth --wav speech.wav -o copy.flac --sigma 0.8\n"
     "  sox speech.flac -t wav - | glowvox synth --wav - -o - | ffmpeg -i - copy.mp3\n"
     "  glowvox synth --mel mels/*.npy -o sounds --skip-existing",
     setup});

}  // namespace

}  // namespace glowvox::tools
