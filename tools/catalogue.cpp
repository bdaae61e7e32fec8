// SPDX-License-Identifier: MIT
#include "catalogue.hpp"

#include <cstring>

namespace glowvox::tools {

const std::vector<Command>& catalogue() {
  static const std::vector<Command> commands = {
      {"synth", "Synthesize sound from mel spectrograms",
       "  glowvox synth --model samples/mdct-causal.safetensors --mel samples/kerstin.npy -o "
       "out.wav\n"
       "  glowvox synth --model M --wav speech.wav -o copy.flac --sigma 0.8\n"
       "  sox speech.flac -t wav - | glowvox synth --wav - -o - | ffmpeg -i - copy.mp3\n"
       "  glowvox synth --mel mels/*.npy -o sounds --skip-existing",
       nullptr},
      {"play", "Play a mel spectrogram, or the copy of a recording, on a sound card",
       "  glowvox play --model samples/mdct-causal.safetensors samples/kerstin.npy\n"
       "  glowvox play --model M speech.wav --device USB --tee copy.wav\n"
       "  ffmpeg -i film.mkv -f wav - | glowvox play --wav -",
       nullptr},
      {"stream", "Mel frames in, sound out while they arrive",
       "  acoustic-model | glowvox stream --model M --mel -\n"
       "  glowvox stream --model M --listen /tmp/voice.sock --live --reconnect\n"
       "  glowvox stream --model M --mic --latency 40\n"
       "  glowvox stream --model M --mel frames.fifo -o - --raw s16le | aplay -f S16_LE -r 22050",
       nullptr},
      {"devices", "List sound cards", "  glowvox devices\n  glowvox devices --json", nullptr},
      {"mel", "Compute a log-mel spectrogram from sound",
       "  glowvox mel speech.wav -o speech.npy\n"
       "  glowvox mel speech.wav -o speech.npy --preset hifigan\n"
       "  ffmpeg -i speech.m4a -f wav - | glowvox mel - -o speech.npy",
       nullptr},
      {"mel-check", "Say what a mel file is, and whether a model takes it",
       "  glowvox mel-check mel.npy\n"
       "  glowvox mel-check mel.npz --mel-array feats --model samples/mdct-causal.safetensors",
       nullptr},
      {"import", "Take over a WaveGlow or SqueezeWave checkpoint",
       "  glowvox import waveglow_256channels.pt -o waveglow.safetensors\n"
       "  glowvox import checkpoint.pt --config config.json -o model.safetensors --json",
       nullptr},
      {"export", "Write a model as a WaveGlow or SqueezeWave checkpoint",
       "  glowvox export model.safetensors -o state_dict.pt\n"
       "  glowvox export model.safetensors -o state_dict.safetensors",
       nullptr},
      {"train", "Train a flow on recordings by exact likelihood",
       "  glowvox train configs/mdct-causal.yaml --data train.txt --valid dev.txt --dry-run\n"
       "  glowvox train configs/mdct-causal.yaml --data train.txt --valid dev.txt --out runs/a "
       "--minutes 60\n"
       "  glowvox train configs/mdct-causal.yaml --data train.txt --out runs/a --minutes 120 "
       "--resume\n"
       "  glowvox train configs/mdct-causal.yaml --data train.txt --out runs/b --steps 10000 "
       "--nproc 2\n"
       "  torchrun --nproc_per_node 4 --no_python glowvox train configs/mdct-causal.yaml "
       "--data train.txt --out runs/b --steps 10000",
       nullptr},
      {"pack", "Put recordings into one file to train from",
       "  glowvox pack train.txt -o corpus.bin\n"
       "  glowvox pack train.txt:0.4 train-many.txt:0.6 -o corpus.bin --part-mib 30\n"
       "  glowvox train configs/mdct-causal.yaml --data corpus.bin --out runs/a --minutes 60",
       nullptr},
      {"info", "Describe a model file or a configuration",
       "  glowvox info configs/mdct-causal.yaml\n  glowvox info model.safetensors --json", nullptr},
      {"init", "Write a model with random weights, for tests and timing",
       "  glowvox init configs/waveglow-256.yaml -o random.safetensors --seed 3", nullptr},
      {"score", "Exact log-likelihood of recordings",
       "  glowvox score --model M --wav speech.wav\n"
       "  glowvox score --model M --wav speech.wav --plot score.png --json",
       nullptr},
      {"eval", "Measure synthesized speech against the recordings",
       "  glowvox eval --model samples/mdct-causal.safetensors --list dev.txt\n"
       "  glowvox eval --model M --list dev.txt --sigma 1 --sigma 0.7 --baseline griffin-lim "
       "--report page.html\n"
       "  glowvox eval --model M --list dev.txt --judges --judges-python judges/bin/python "
       "--report page.html\n"
       "  glowvox eval --ref recordings --out synthesized --json",
       nullptr},
      {"encode", "Sound to latent, exactly",
       "  glowvox encode --model M --wav speech.wav -o z.npy\n"
       "  glowvox encode --model M --audio x.npy -o z.npy --write-mel mel.npy",
       nullptr},
      {"decode", "Latent to sound: the inverse of encode",
       "  glowvox decode --model M --mel mel.npy --latent z.npy -o out.wav", nullptr},
      {"morph", "Move between two utterances' latents, or along an attribute",
       "  glowvox morph --model M --from a.wav --to b.wav --amount 0.5 -o half.wav\n"
       "  glowvox morph --model M --from a.wav --plus bright/*.wav --minus dark/*.wav --amount 1 "
       "-o brighter.wav",
       nullptr},
      {"bench", "Measure the speed of synthesis, against LibTorch in the same run",
       "  glowvox bench\n  glowvox bench --row mdct-causal-bf16 --row stream-bf16 --json\n"
       "  glowvox bench --peer pytorch",
       nullptr},
  };
  return commands;
}

const Command* find_command(const char* name) {
  for (const Command& command : catalogue())
    if (std::strcmp(command.name, name) == 0) return &command;
  return nullptr;
}

}  // namespace glowvox::tools
