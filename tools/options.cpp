// SPDX-License-Identifier: MIT
#include "options.hpp"

namespace glowvox::tools {

using train::SpeakerRule;

void add_model(CLI::App& app, std::string& path, Model model) {
  auto* option = app.add_option("--model", path, "Model file")->required(model == Model::kRequired);
  if (model == Model::kUsual) option->description("Model file (default: the voice beside glowvox)");
}

void add_threads(CLI::App& app, int& threads, const char* usual) {
  app.add_option("--threads", threads, std::string("Threads (default: ") + usual + ")");
}

void add_engine(CLI::App& app, EngineOptions& o, Model model, const char* usual_threads) {
  add_model(app, o.model, model);
  app.add_option(
         "--precision", o.precision,
         "fp32, bf16, int8 (fp32 with the weights of nets rounded to 8 bits: faster for streams), "
         "or auto: the faster of fp32 and bf16, as measured here, where processor and model allow "
         "both, else fp32")
      ->capture_default_str();
  app.add_option("--memory", o.memory,
                 "fast, or small: weights that are half precision in the file stay so in memory")
      ->capture_default_str();
  add_threads(app, o.threads, usual_threads);
}

void add_sampling(CLI::App& app, EngineOptions& o) {
  app.add_option("--sigma", o.sigma, "Temperature")->capture_default_str();
  app.add_option("--seed", o.seed, "Random seed")->capture_default_str();
}

void add_finishing(CLI::App& app, EngineOptions& o, const char* usual_corrections) {
  app.add_option("--denoise", o.denoise,
                 "Strength of the denoiser, which takes off what the model hums in silence; 0: off "
                 "(default: as the model file says)");
  app.add_option("--corrections", o.corrections,
                 std::string("Frames corrected together, up to 16, to bring the sound's mel nearer "
                             "to the given one; a stream is later by a hop for each after the "
                             "first; 0: off (default: ") +
                     usual_corrections + ")");
}

void add_mel(CLI::App& app, arrays::MelInput& o) {
  app.add_option("--mel-layout", o.layout,
                 "bands-frames or frames-bands, where the shape does not tell (raw values: "
                 "frames-bands)")
      ->capture_default_str();
  app.add_option("--mel-array", o.array, "Which array of an npz, PyTorch or safetensors file");
  add_mel_conversion(app, o);
}

void add_mel_conversion(CLI::App& app, arrays::MelInput& o) {
  app.add_option("--from-preset", o.preset,
                 "What the mel was made as (default: as the model expects): a preset, or what "
                 "differs, '{log: log10, floor: 1.0e-10}'; another logarithm and a lower floor are "
                 "converted");
  app.add_option("--from-stats", o.statistics,
                 "Mean and deviation of every band that the mel was normalised with: npy [2, "
                 "bands] or npz (mean, scale)");
  app.add_flag("--convert", o.convert,
               "Take a mel of other bands, another hop or rate: an approximation, through the "
               "spectrum under each of its frames");
}

void add_live(CLI::App& app, live::Options& o, const char* usual_corrections) {
  add_engine(app, o.engine, Model::kUsual, "one");
  o.engine.stream = true;
  app.add_option("--device", o.device, "Index, or part of a name, of glowvox devices")
      ->capture_default_str();
  app.add_option("--tee", o.tee, "Write the sound to this wav, flac or ogg as well");
  app.add_option("--latency", o.latency_ms, "Sound held ready before the device, in ms")
      ->capture_default_str();
  app.add_flag("--reconnect", o.reconnect, "Wait for a device that is gone");
  add_sampling(app, o.engine);
  add_finishing(app, o.engine, usual_corrections);
  add_mel_conversion(app, o.mel_input);
  app.add_flag("--force", o.force, "Play a mel that cannot be speech for the model (it may hurt)");
  app.add_flag("--no-limiter", o.no_limiter,
               "Let the device get sound that is more than 12 dB louder than its mel says");
  add_json(app, o.json);
}

void add_format(CLI::App& app, std::string& format) {
  app.add_option("--format", format,
                 "wav, flac, ogg or raw (16-bit samples without a header), whatever the name of "
                 "the output (default: by its extension; on standard output wav)")
      ->check(CLI::IsMember({"wav", "flac", "ogg", "raw"}));
}

void add_json(CLI::App& app, bool& json) { app.add_flag("--json", json, "Print JSON"); }

void add_speakers(CLI::App& app, SpeakerRule& rule) {
  app.add_option_function<std::string>(
         "--speakers",
         [&rule](const std::string& name) {
           for (const SpeakerRule r :
                {SpeakerRule::kName, SpeakerRule::kFolder, SpeakerRule::kNone})
             if (name == name_of(r)) rule = r;
         },
         "Who speaks in a file: name (its folder and its name without the last number), folder, "
         "or none (all of a list are one)")
      ->check(CLI::IsMember({name_of(SpeakerRule::kName), name_of(SpeakerRule::kFolder),
                             name_of(SpeakerRule::kNone)}))
      ->default_str(name_of(rule));
}

void add_skip_unreadable(CLI::App& app, bool& skip) {
  app.add_flag("--skip-unreadable", skip,
               "Go on without sound files that cannot be read, and list them; every file is "
               "decoded first to find them");
}

}  // namespace glowvox::tools
