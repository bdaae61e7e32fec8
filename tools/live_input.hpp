// SPDX-License-Identifier: MIT
// Mels as stream and play take them.
#pragma once

#include <memory>

#include "dsp/mel_judge.hpp"
#include "live/frame_source.hpp"
#include "mel_input.hpp"

namespace glowvox::tools {

// The frames of source, which are of the options' specification, as the model takes them; where
// they are approximated a frame of theirs later. name: of the source, for messages.
std::unique_ptr<live::FrameSource> converted(std::unique_ptr<live::FrameSource> source,
                                             const MelInput& input, const MelSpec& spec,
                                             const std::string& name);

// The first second of a source that has it already, held until it is asked for; judge has seen it.
std::unique_ptr<live::FrameSource> look_ahead(std::unique_ptr<live::FrameSource> source,
                                              const MelSpec& spec, dsp::MelJudge* judge);

}  // namespace glowvox::tools
