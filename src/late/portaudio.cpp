// SPDX-License-Identifier: MIT
// PortAudio's functions, of the library that is opened when it is first needed.
#include <portaudio.h>

#include "late/library.hpp"

namespace {

const glowvox::late::Library& library() {
  // tools/jack_shutdown.cpp stands before the functions of libjack, which comes with it.
  static const glowvox::late::Library opened(GLOWVOX_SONAME, "sound cards",
                                             glowvox::late::Shown::kYes);
  return opened;
}

}  // namespace

PaError Pa_Initialize() { GLOWVOX_LATE(Pa_Initialize)(); }
PaError Pa_Terminate() { GLOWVOX_LATE(Pa_Terminate)(); }
const char* Pa_GetErrorText(PaError error) { GLOWVOX_LATE(Pa_GetErrorText)(error); }
const PaHostErrorInfo* Pa_GetLastHostErrorInfo() { GLOWVOX_LATE(Pa_GetLastHostErrorInfo)(); }

PaHostApiIndex Pa_GetHostApiCount() { GLOWVOX_LATE(Pa_GetHostApiCount)(); }
const PaHostApiInfo* Pa_GetHostApiInfo(PaHostApiIndex api) { GLOWVOX_LATE(Pa_GetHostApiInfo)(api); }
PaDeviceIndex Pa_GetDeviceCount() { GLOWVOX_LATE(Pa_GetDeviceCount)(); }
const PaDeviceInfo* Pa_GetDeviceInfo(PaDeviceIndex device) {
  GLOWVOX_LATE(Pa_GetDeviceInfo)(device);
}
PaDeviceIndex Pa_GetDefaultInputDevice() { GLOWVOX_LATE(Pa_GetDefaultInputDevice)(); }
PaDeviceIndex Pa_GetDefaultOutputDevice() { GLOWVOX_LATE(Pa_GetDefaultOutputDevice)(); }

PaError Pa_IsFormatSupported(const PaStreamParameters* in, const PaStreamParameters* out,
                             double rate_hz) {
  GLOWVOX_LATE(Pa_IsFormatSupported)(in, out, rate_hz);
}
PaError Pa_OpenStream(PaStream** stream, const PaStreamParameters* in,
                      const PaStreamParameters* out, double rate_hz, unsigned long frames,
                      PaStreamFlags flags, PaStreamCallback* callback, void* user) {
  GLOWVOX_LATE(Pa_OpenStream)(stream, in, out, rate_hz, frames, flags, callback, user);
}
PaError Pa_StartStream(PaStream* stream) { GLOWVOX_LATE(Pa_StartStream)(stream); }
PaError Pa_StopStream(PaStream* stream) { GLOWVOX_LATE(Pa_StopStream)(stream); }
PaError Pa_AbortStream(PaStream* stream) { GLOWVOX_LATE(Pa_AbortStream)(stream); }
PaError Pa_CloseStream(PaStream* stream) { GLOWVOX_LATE(Pa_CloseStream)(stream); }
PaError Pa_IsStreamActive(PaStream* stream) { GLOWVOX_LATE(Pa_IsStreamActive)(stream); }
const PaStreamInfo* Pa_GetStreamInfo(PaStream* stream) { GLOWVOX_LATE(Pa_GetStreamInfo)(stream); }
