#pragma once

#include <mutex>

namespace glowvox::dsp {

// Held while FFTW plans or frees a plan: its planner is one global structure. Executing needs no
// lock.
inline std::mutex fftw_planner_mutex;

}  // namespace glowvox::dsp
