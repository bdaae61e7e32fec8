// SPDX-License-Identifier: MIT
// Mels as stream and play take them.
#pragma once

#include <memory>

#include "arrays/mel_input.hpp"
#include "dsp/mel_judge.hpp"
#include "live/frame_source.hpp"

namespace glowvox::live {

// The frames of source, which are of the options' specification, as the model takes them; where
// they are approximated a frame of theirs later. name: of the source, for messages.
std::unique_ptr<FrameSource> converted(std::unique_ptr<FrameSource> source,
                                       const arrays::MelInput& input, const MelSpec& spec,
                                       const std::string& name);

// The first second of a source that has it already, held until it is asked for; judge has seen it.
std::unique_ptr<FrameSource> look_ahead(std::unique_ptr<FrameSource> source, const MelSpec& spec,
                                        dsp::MelJudge* judge);

}  // namespace glowvox::live
