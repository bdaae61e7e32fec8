// SPDX-License-Identifier: MIT
#include "report/picture.hpp"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/atomic_file.hpp"
#include "dsp/stft.hpp"
#include "report/plot.hpp"
#include "report/png.hpp"
#include "report/template.hpp"

namespace glowvox::report {

namespace {

using Colour = std::array<std::uint8_t, 3>;

constexpr int kFft = 1024;
constexpr int kHop = 256;
constexpr double kRangeDb = 80.0;
constexpr int kHeight = 384;  // pixels, of the spectrogram
constexpr int kLeastWidth = 400, kMostWidth = 1520;
constexpr int kCurveHeight = 96;
constexpr int kGap = 8;  // between the panels of a PNG file
// Around and between the panels of an SVG file, for their labels.
constexpr int kLeft = 64, kRight = 24, kTop = 32, kBottom = 48, kBetween = 40;
constexpr int kTickEvery = 64;  // pixels
constexpr Colour kLine{31, 111, 178};

// Rows of pixels, top first; white.
struct Canvas {
  Canvas(int w, int h) : width(w), height(h), rgb(static_cast<std::size_t>(w) * h * 3, 255) {}
  void set(int x, int y, const Colour& colour) {
    std::copy(colour.begin(), colour.end(), &rgb[(static_cast<std::size_t>(y) * width + x) * 3]);
  }
  int width;
  int height;
  std::vector<std::uint8_t> rgb;
};

// Nine samples of matplotlib's magma: dark to light at an even perceived pace.
Colour magma(double level) {
  static constexpr std::array<Colour, 9> kAnchors{{{0, 0, 4},
                                                   {28, 16, 68},
                                                   {79, 18, 123},
                                                   {129, 37, 129},
                                                   {181, 54, 122},
                                                   {229, 80, 100},
                                                   {251, 135, 97},
                                                   {254, 194, 135},
                                                   {252, 253, 191}}};
  if (!(level > 0.0)) return kAnchors[0];  // NaN too
  const double at = std::min(level, 1.0) * (kAnchors.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(at), kAnchors.size() - 2);
  const double part = at - static_cast<double>(below);
  Colour colour{};
  for (std::size_t c = 0; c < 3; ++c)
    colour[c] = static_cast<std::uint8_t>(
        std::lround(kAnchors[below][c] * (1.0 - part) + kAnchors[below + 1][c] * part));
  return colour;
}

// Levels in dB, [frame][bin].
std::vector<float> levels_db(const dsp::Spectrum& spectrum) {
  std::vector<float> levels(spectrum.values.size());
  std::transform(spectrum.values.begin(), spectrum.values.end(), levels.begin(),
                 [](std::complex<float> v) { return 10.0F * std::log10(std::norm(v) + 1e-20F); });
  return levels;
}

// `below` more rows of pixels stay white.
Canvas draw(const std::vector<float>& samples, int below) {
  std::vector<float> padded(samples.size() + kFft, 0.0F);  // centred frames
  std::copy(samples.begin(), samples.end(), padded.begin() + kFft / 2);
  const dsp::Spectrum spectrum = dsp::stft(padded, kFft, kHop, kFft);
  const std::vector<float> levels = levels_db(spectrum);
  // Silence stays dark.
  const float loudest = std::max(-100.0F, *std::max_element(levels.begin(), levels.end()));
  const auto frames = static_cast<double>(spectrum.frames);
  const auto bins = static_cast<double>(spectrum.bins - 1);
  Canvas canvas(
      static_cast<int>(std::clamp<std::int64_t>(2 * spectrum.frames, kLeastWidth, kMostWidth)),
      kHeight + below);
  for (int x = 0; x < canvas.width; ++x) {
    const auto frame = static_cast<std::size_t>((x + 0.5) * frames / canvas.width);
    const float* column = &levels[frame * static_cast<std::size_t>(spectrum.bins)];
    for (int y = 0; y < kHeight; ++y) {
      const double at = (y + 0.5) * bins / kHeight;
      const auto lower = static_cast<std::size_t>(at);
      const double part = at - static_cast<double>(lower);
      const double level = column[lower] * (1.0 - part) + column[lower + 1] * part;
      canvas.set(x, kHeight - 1 - y, magma(1.0 - (loudest - level) / kRangeDb));
    }
  }
  return canvas;
}

Axis seconds(const std::vector<float>& samples, int sample_rate_hz) {
  Axis axis;
  axis.unit = "seconds";
  axis.to = std::max<double>(1.0, static_cast<double>(samples.size())) / sample_rate_hz;
  return axis;
}

nlohmann::json values_of(const Picture& picture, const Axis& time, int sample_rate_hz) {
  Axis frequency;
  frequency.unit = "kHz";
  frequency.to = sample_rate_hz / 2000.0;
  nlohmann::json values = plot_values({}, time, frequency);
  values["image"] = data_uri("image/png", picture.png);
  return values;
}

// In the rows of pixels below the spectrogram; a value that is not finite interrupts the line.
void draw_curve(Canvas* canvas, const Curve& curve) {
  const Axis value = axis_over({curve}, &Curve::y, "");
  int previous = -1;
  for (int x = 0; x < canvas->width && !curve.y.empty(); ++x) {
    const double v = curve.y[static_cast<std::size_t>(x) * curve.y.size() / canvas->width];
    const int y = value.shows(v)
                      ? canvas->height - 2 - static_cast<int>(value.place(v) * (kCurveHeight - 2))
                      : -1;
    const int from = previous < 0 ? y : std::min(previous, y);
    for (int row = from; y >= 0 && row <= std::max(previous, y) + 1; ++row)
      canvas->set(x, row, kLine);
    previous = y;
  }
}

Curve over_time(const Track& track, const Axis& time) {
  Curve curve{track.unit, {}, track.values};
  const auto count = static_cast<double>(track.values.size());
  for (std::size_t i = 0; i < track.values.size(); ++i)
    curve.x.push_back((static_cast<double>(i) + 0.5) / count * time.to);
  return curve;
}

void write_svg(const std::string& path, const std::vector<float>& samples, int sample_rate_hz,
               const Track& below) {
  const Picture picture = spectrogram(samples);
  Axis time = seconds(samples, sample_rate_hz);
  time.most_ticks = picture.width / kTickEvery;
  nlohmann::json plots = nlohmann::json::array();
  int bottom = 0;
  const auto add = [&](int top, int height, nlohmann::json plot) {
    plot.update(
        {{"left", kLeft}, {"top", top}, {"plot_width", picture.width}, {"plot_height", height}});
    plots.push_back(std::move(plot));
    bottom = top + height;
  };
  add(kTop, kHeight, values_of(picture, time, sample_rate_hz));
  if (!below.unit.empty()) {
    const Curve curve = over_time(below, time);
    Axis value = axis_over({curve}, &Curve::y, below.unit);
    value.most_ticks = 4;
    // The lower panel's serve both.
    plots[0].update({{"x_ticks", nlohmann::json::array()}, {"x_unit", ""}});
    add(bottom + kBetween, kCurveHeight, plot_values({curve}, time, value));
  }
  write_file(path, render("picture.svg", {{"width", kLeft + picture.width + kRight},
                                          {"height", bottom + kBottom},
                                          {"plots", plots}}));
}

}  // namespace

Picture spectrogram(const std::vector<float>& samples) {
  const Canvas canvas = draw(samples, 0);
  return {encode_png("spectrogram", canvas.width, canvas.height, canvas.rgb), canvas.width,
          canvas.height};
}

nlohmann::json spectrogram_values(const std::vector<float>& samples, int sample_rate_hz) {
  return values_of(spectrogram(samples), seconds(samples, sample_rate_hz), sample_rate_hz);
}

void write_spectrogram(const std::string& path, const std::vector<float>& samples,
                       int sample_rate_hz, const Track& below) {
  const std::string extension = std::filesystem::path(path).extension().string();
  if (::strcasecmp(extension.c_str(), ".svg") == 0)
    return write_svg(path, samples, sample_rate_hz, below);
  Canvas canvas = draw(samples, below.unit.empty() ? 0 : kGap + kCurveHeight);
  if (!below.unit.empty()) draw_curve(&canvas, over_time(below, seconds(samples, sample_rate_hz)));
  write_file(path, encode_png(path, canvas.width, canvas.height, canvas.rgb));
}

}  // namespace glowvox::report
