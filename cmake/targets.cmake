# libglowvox: what an application embeds; free of LibTorch. Of a bare build, as much of it as training
# needs.
add_library(glowvox_lib STATIC
  src/core/atomic_file.cpp
  src/core/checksum.cpp
  src/core/cpu.cpp
  src/core/mapped_file.cpp
  src/core/messages.cpp
  src/core/progress_bar.cpp
  src/core/random.cpp
  src/core/thread_team.cpp
  src/dsp/mel.cpp
  src/dsp/mel_convert.cpp
  src/dsp/mel_guess.cpp
  src/dsp/mel_preset.cpp
  src/dsp/mel_statistics.cpp
  src/dsp/mel_stream.cpp
  src/dsp/stft.cpp
  src/eval/picture.cpp
  src/format/config.cpp
  src/format/config_validate.cpp
  src/format/floats.cpp
  src/format/model_metadata.cpp
  src/format/npy.cpp
  src/format/npy_file.cpp
  src/format/png.cpp
  src/format/receptive_field.cpp
  src/format/safetensors.cpp
  src/report/chart.cpp
  src/report/event_file.cpp
  src/report/page.cpp
)
if(GLOWVOX_BARE)
  target_sources(glowvox_lib PRIVATE
    src/bare/fft.cpp
    src/bare/resample.cpp
    src/bare/wav.cpp
  )
else()
  target_sources(glowvox_lib PRIVATE
    src/audio/resample.cpp
    src/audio/wav.cpp
    src/dsp/fft.cpp
    src/dsp/mdct.cpp
    src/engine/aligned.cpp
    src/engine/check_model.cpp
    src/engine/conditioner_stages.cpp
    src/engine/denoiser.cpp
    src/engine/finishing.cpp
    src/engine/instruction_set.cpp
    src/engine/invert.cpp
    src/engine/kernels.cpp
    src/engine/mel_correction.cpp
    src/engine/noise.cpp
    src/engine/output_state.cpp
    src/engine/overlap_add.cpp
    src/engine/pipeline.cpp
    src/engine/prepare.cpp
    src/engine/prepare_conditioner.cpp
    src/engine/prepare_net.cpp
    src/engine/product.cpp
    src/engine/rows.cpp
    src/engine/stage.cpp
    src/engine/step_stages.cpp
    src/engine/vocoder.cpp
    src/engine/weights.cpp
    src/eval/difference.cpp
    src/eval/distances.cpp
    src/eval/envelope.cpp
    src/eval/evaluation.cpp
    src/eval/griffin_lim.cpp
    src/eval/judges.cpp
    src/eval/pitch.cpp
    src/eval/speakers.cpp
    src/eval/statistics.cpp
    src/eval/stoi.cpp
    src/exchange/source.cpp
    src/exchange/training_config.cpp
    src/exchange/waveglow_export.cpp
    src/exchange/waveglow_import.cpp
    src/exchange/waveglow_layout.cpp
    src/exchange/waveglow_variant.cpp
    src/format/array_file.cpp
    src/format/mel_file.cpp
    src/format/pickle.cpp
    src/format/pickle_names.cpp
    src/format/state_dict.cpp
    src/format/torch_file.cpp
    src/format/torch_tensor.cpp
    src/format/torch_writer.cpp
    src/format/unpickler.cpp
    src/format/zip_archive.cpp
  )
endif()
set_target_properties(glowvox_lib PROPERTIES OUTPUT_NAME glowvox)
target_include_directories(glowvox_lib PUBLIC include PRIVATE src)
target_link_libraries(glowvox_lib
  PRIVATE glowvox_options glowvox_libraries nlohmann_json::nlohmann_json fmt::fmt yaml-cpp
          Threads::Threads)

if(NOT GLOWVOX_BARE)
# Live playback on sound cards; apart, so that an application which brings its own audio needs no
# PortAudio.
add_library(glowvox_live STATIC
  src/audio/jack_shutdown.cpp
  src/audio/playout.cpp
  src/audio/sound_card.cpp
  src/live/file_frames.cpp
  src/live/frame_check.cpp
  src/live/microphone.cpp
  src/live/pace.cpp
  src/live/player.cpp
  src/live/raw_frames.cpp
  src/live/raw_output.cpp
  src/live/session.cpp
  src/live/socket_frames.cpp
)
target_include_directories(glowvox_live PUBLIC src)
target_link_libraries(glowvox_live
  PUBLIC glowvox_lib
  PRIVATE glowvox_options PkgConfig::PORTAUDIO fmt::fmt Threads::Threads ${CMAKE_DL_LIBS})
endif()

# What is trained on: lists, recordings, their mixture and augmentation; free of LibTorch.
add_library(glowvox_corpus STATIC
  src/train/augment.cpp
  src/train/corpus.cpp
  src/train/corpus_check.cpp
  src/train/data.cpp
  src/train/file_clips.cpp
  src/train/mixture.cpp
  src/train/pack.cpp
  src/train/packed_clips.cpp
  src/train/sinc.cpp
)
target_include_directories(glowvox_corpus PUBLIC src)
target_link_libraries(glowvox_corpus PUBLIC glowvox_lib PRIVATE glowvox_options fmt::fmt)

# The loops of training on CPUs, compiled for every instruction set; free of LibTorch.
add_library(glowvox_kernels STATIC
  src/flow/gate_kernels.cpp
  src/flow/products.cpp
)
target_include_directories(glowvox_kernels PRIVATE src)
target_link_libraries(glowvox_kernels PRIVATE glowvox_options PkgConfig::HWY)

# The flow, the model and its training: LibTorch. Its headers are compiled once.
add_library(glowvox_flow STATIC
  src/flow/actnorm.cpp
  src/flow/base.cpp
  src/flow/conditioner.cpp
  src/flow/conv.cpp
  src/flow/coupling.cpp
  src/flow/lift.cpp
  src/flow/mixing.cpp
  src/flow/net.cpp
  src/flow/ops.cpp
  src/flow/scale_shift.cpp
  src/flow/team.cpp
  src/flow/wavenet_backward.cpp
  src/flow/wavenet_function.cpp
  src/flow/wavenet_rows.cpp
  src/model/flow_vocoder.cpp
  src/model/model_file.cpp
  src/model/recomputed_chain.cpp
  src/train/batch_loader.cpp
  src/train/checkpoints.cpp
  src/train/csv_log.cpp
  src/train/energy_kernel.cpp
  src/train/estimate.cpp
  src/train/gradient_buckets.cpp
  src/train/guard.cpp
  src/train/launch.cpp
  src/train/memory_meter.cpp
  src/train/mixing_watch.cpp
  src/train/optimizer.cpp
  src/train/ranks.cpp
  src/train/run.cpp
  src/train/run_log.cpp
  src/train/run_record.cpp
  src/train/run_report.cpp
  src/train/sample_loss.cpp
  src/train/segment_sampler.cpp
  src/train/setting.cpp
  src/train/spectral_distance.cpp
  src/train/trainer.cpp
  src/train/trainer_state.cpp
  src/train/validation.cpp
)
target_include_directories(glowvox_flow PUBLIC src)
target_link_libraries(glowvox_flow
  PUBLIC glowvox_corpus glowvox_lib glowvox_torch OpenMP::OpenMP_CXX fmt::fmt
  PRIVATE glowvox_options glowvox_kernels Eigen3::Eigen)
target_precompile_headers(glowvox_flow PRIVATE <torch/torch.h>)

# The tools: one command, with what needs LibTorch in an executable beside it that it starts (in a bare
# build that one alone).
add_library(glowvox_cli STATIC
  tools/catalogue.cpp tools/command.cpp tools/interrupt.cpp tools/sound.cpp)
target_link_libraries(glowvox_cli PUBLIC glowvox_lib CLI11::CLI11 fmt::fmt PRIVATE glowvox_options)
target_include_directories(glowvox_cli PUBLIC src)

add_executable(glowvox-train
  tools/data_options.cpp
  tools/info.cpp
  tools/init.cpp
  tools/score.cpp
  tools/torch_main.cpp
  tools/torch_threads.cpp
  tools/train.cpp
  tools/train_dry_run.cpp
)
target_link_libraries(glowvox-train
  PRIVATE glowvox_cli glowvox_flow glowvox_options glowvox_executable nlohmann_json::nlohmann_json
          ${CMAKE_DL_LIBS})
target_precompile_headers(glowvox-train REUSE_FROM glowvox_flow)
if(GLOWVOX_BARE)
  return()
endif()

target_sources(glowvox_cli PRIVATE tools/engine_options.cpp tools/mel_input.cpp)
target_sources(glowvox-train PRIVATE
  tools/bench.cpp
  tools/bench_rows.cpp
  tools/bench_timing.cpp
  tools/bench_train.cpp
  tools/encode.cpp
  tools/eval.cpp
  tools/eval_result.cpp
  tools/eval_speakers.cpp
  tools/eval_systems.cpp
  tools/judging.cpp
  tools/morph.cpp
  tools/program.cpp
  tools/signals.cpp
)
add_executable(glowvox
  tools/data_options.cpp tools/decode.cpp tools/devices.cpp tools/export.cpp tools/import.cpp
  tools/live_options.cpp tools/main.cpp tools/mel.cpp tools/mel_check.cpp tools/pack.cpp tools/play.cpp
  tools/stream.cpp tools/synth.cpp)
target_compile_definitions(glowvox PRIVATE GLOWVOX_VERSION="${PROJECT_VERSION}")
target_link_libraries(glowvox
  PRIVATE glowvox_cli glowvox_corpus glowvox_live glowvox_options glowvox_executable nlohmann_json::nlohmann_json)
add_dependencies(glowvox glowvox-train)
if(GLOWVOX_SANITIZE MATCHES "thread")
  # Only what the tests of this preset need.
  set_target_properties(glowvox glowvox-train glowvox_flow PROPERTIES EXCLUDE_FROM_ALL ON)
endif()

# Measurements that README, samples/MODELS.md and bench/README.md quote.
add_executable(bench_training_memory EXCLUDE_FROM_ALL bench/training_memory.cpp tools/torch_threads.cpp)
target_include_directories(bench_training_memory PRIVATE tools)
target_link_libraries(bench_training_memory
  PRIVATE glowvox_cli glowvox_flow glowvox_options ${CMAKE_DL_LIBS})
target_precompile_headers(bench_training_memory REUSE_FROM glowvox-train)
add_executable(bench_loader EXCLUDE_FROM_ALL bench/loader.cpp)
target_link_libraries(bench_loader PRIVATE glowvox_flow glowvox_options)
target_precompile_headers(bench_loader REUSE_FROM glowvox-train)
add_executable(bench_composition EXCLUDE_FROM_ALL bench/composition.cpp)
target_include_directories(bench_composition PRIVATE src)
target_link_libraries(bench_composition PRIVATE glowvox_lib fmt::fmt glowvox_options)

# LIBXSMM, oneDNN and OpenBLAS on the engine's shapes (bench/README.md); oneDNN is needed for it alone.
find_library(DNNL_LIBRARY dnnl)
if(DNNL_LIBRARY)
  add_executable(bench_products EXCLUDE_FROM_ALL bench/products.cpp)
  target_link_libraries(bench_products
    PRIVATE glowvox_xsmm ${DNNL_LIBRARY} OpenMP::OpenMP_CXX glowvox_options)
endif()
