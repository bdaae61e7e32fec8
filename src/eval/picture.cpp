// SPDX-License-Identifier: MIT
#include "eval/picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "dsp/stft.hpp"
#include "eval/png.hpp"

namespace glowvox::eval {

namespace {

using Colour = std::array<std::uint8_t, 3>;

constexpr int kFft = 1024;
constexpr int kHop = 256;
constexpr double kRangeDb = 80.0;
constexpr int kSpectrumHeight = 384;
constexpr int kCurveHeight = 96;
constexpr int kGap = 8;
constexpr int kLeft = 64;
constexpr int kRight = 16;
constexpr int kTop = 10;
constexpr int kBottom = 26;
constexpr int kGlyphScale = 2;
constexpr int kGlyphStep = 4 * kGlyphScale;  // three columns and a space
constexpr int kGlyphHeight = 5 * kGlyphScale;
constexpr Colour kPaper{255, 255, 255};
constexpr Colour kInk{40, 40, 40};
constexpr Colour kLine{20, 90, 170};

struct Canvas {
  Canvas(int w, int h) : width(w), height(h), rgb(static_cast<std::size_t>(w) * h * 3, 255) {}
  void set(int x, int y, const Colour& colour) {
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    std::copy(colour.begin(), colour.end(), &rgb[(static_cast<std::size_t>(y) * width + x) * 3]);
  }
  void fill(int x, int y, int w, int h, const Colour& colour) {
    for (int j = y; j < y + h; ++j)
      for (int i = x; i < x + w; ++i) set(i, j, colour);
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

// Rows of three pixels, top first, a bit each: enough characters for a number.
void draw_text(Canvas* canvas, int x, int y, const std::string& text) {
  static const std::string kCharacters = "0123456789.-e+";
  static constexpr std::array<std::array<int, 5>, 14> kGlyphs{{{7, 5, 5, 5, 7},
                                                               {2, 6, 2, 2, 7},
                                                               {7, 1, 7, 4, 7},
                                                               {7, 1, 7, 1, 7},
                                                               {5, 5, 7, 1, 1},
                                                               {7, 4, 7, 1, 7},
                                                               {7, 4, 7, 5, 7},
                                                               {7, 1, 1, 2, 2},
                                                               {7, 5, 7, 5, 7},
                                                               {7, 5, 7, 1, 7},
                                                               {0, 0, 0, 0, 2},
                                                               {0, 0, 7, 0, 0},
                                                               {0, 7, 7, 4, 7},
                                                               {0, 2, 7, 2, 0}}};
  for (const char character : text) {
    const std::size_t which = kCharacters.find(character);
    for (int row = 0; which != std::string::npos && row < 5; ++row)
      for (int column = 0; column < 3; ++column)
        if ((kGlyphs[which][static_cast<std::size_t>(row)] >> (2 - column)) & 1)
          canvas->fill(x + column * kGlyphScale, y + row * kGlyphScale, kGlyphScale, kGlyphScale,
                       kInk);
    x += kGlyphStep;
  }
}

int text_width(const std::string& text) { return static_cast<int>(text.size()) * kGlyphStep; }

// A tick label at the left edge, right-aligned and centred on row y.
void draw_left_label(Canvas* canvas, int y, const std::string& text) {
  draw_text(canvas, kLeft - 10 - text_width(text), y - kGlyphHeight / 2, text);
  canvas->fill(kLeft - 6, y, 6, 1, kInk);
}

// The smallest of 1, 2, 5 times a power of ten that makes at most `most` ticks over range.
double tick_step(double range, int most) {
  double step = 1e-3;
  for (int i = 0; range / step > most; ++i) step *= i % 3 == 1 ? 2.5 : 2.0;
  return step;
}

// Levels in dB, [frame][bin].
std::vector<float> levels_db(const dsp::Spectrum& spectrum) {
  std::vector<float> levels(spectrum.values.size());
  std::transform(spectrum.values.begin(), spectrum.values.end(), levels.begin(),
                 [](std::complex<float> v) { return 10.0F * std::log10(std::norm(v) + 1e-20F); });
  return levels;
}

void draw_spectrum(Canvas* canvas, int plot_width, const dsp::Spectrum& spectrum) {
  const std::vector<float> levels = levels_db(spectrum);
  // Silence stays dark.
  const float loudest = std::max(-100.0F, *std::max_element(levels.begin(), levels.end()));
  const auto frames = static_cast<double>(spectrum.frames);
  const auto bins = static_cast<double>(spectrum.bins - 1);
  for (int x = 0; x < plot_width; ++x) {
    const auto frame = static_cast<std::size_t>((x + 0.5) * frames / plot_width);
    const float* column = &levels[frame * static_cast<std::size_t>(spectrum.bins)];
    for (int y = 0; y < kSpectrumHeight; ++y) {
      const double at = (y + 0.5) * bins / kSpectrumHeight;
      const auto below = static_cast<std::size_t>(at);
      const double part = at - static_cast<double>(below);
      const double level = column[below] * (1.0 - part) + column[below + 1] * part;
      canvas->set(kLeft + x, kTop + kSpectrumHeight - 1 - y,
                  magma(1.0 - (loudest - level) / kRangeDb));
    }
  }
}

void draw_axes(Canvas* canvas, int plot_width, double duration_s, int sample_rate_hz) {
  const double nyquist_khz = sample_rate_hz / 2000.0;
  const double khz_step = tick_step(nyquist_khz, 8);
  for (int i = 0; i * khz_step <= nyquist_khz; ++i)
    draw_left_label(canvas,
                    kTop + kSpectrumHeight - 1 -
                        static_cast<int>(i * khz_step / nyquist_khz * (kSpectrumHeight - 1)),
                    fmt::format("{:g}", i * khz_step));
  const int bottom = canvas->height - kBottom;
  const double time_step = tick_step(duration_s, plot_width / 64);
  for (int i = 0; i * time_step <= duration_s; ++i) {
    const int x = kLeft + static_cast<int>(i * time_step / duration_s * (plot_width - 1));
    canvas->fill(x, bottom, 1, 6, kInk);
    const std::string label = fmt::format("{:g}", i * time_step);
    draw_text(canvas, x - text_width(label) / 2, bottom + 9, label);
  }
}

void draw_curve(Canvas* canvas, int plot_width, const std::vector<double>& curve) {
  const int top = kTop + kSpectrumHeight + kGap;
  canvas->fill(kLeft, top, plot_width, kCurveHeight, {240, 240, 240});
  std::vector<double> finite;
  std::copy_if(curve.begin(), curve.end(), std::back_inserter(finite),
               [](double v) { return std::isfinite(v); });
  if (finite.empty()) return;
  const double least = *std::min_element(finite.begin(), finite.end());
  const double most = *std::max_element(finite.begin(), finite.end());
  const double range = most > least ? most - least : 1.0;
  const int inner = kCurveHeight - 13;
  const auto row = [&](double value) {
    return top + 6 + inner - static_cast<int>(std::lround((value - least) / range * inner));
  };
  draw_left_label(canvas, row(least), fmt::format("{:.3g}", least));
  if (most > least) draw_left_label(canvas, row(most), fmt::format("{:.3g}", most));
  int previous = -1;  // a value that is not finite interrupts the line
  for (int x = 0; x < plot_width; ++x) {
    const auto index =
        static_cast<std::size_t>((x + 0.5) * static_cast<double>(curve.size()) / plot_width);
    if (!std::isfinite(curve[index])) {
      previous = -1;
      continue;
    }
    const int y = row(curve[index]);
    const int from = previous < 0 ? y : std::min(previous, y);
    const int to = previous < 0 ? y : std::max(previous, y);
    canvas->fill(kLeft + x, from, 1, to - from + 2, kLine);
    previous = y;
  }
}

Canvas draw(const std::vector<float>& samples, int sample_rate_hz,
            const std::vector<double>* curve) {
  std::vector<float> padded(samples.size() + kFft, 0.0F);  // centred frames
  std::copy(samples.begin(), samples.end(), padded.begin() + kFft / 2);
  const dsp::Spectrum spectrum = dsp::stft(padded, kFft, kHop, kFft);
  const auto plot_width =
      static_cast<int>(std::clamp<std::int64_t>(2 * spectrum.frames, 400, 1600 - kLeft - kRight));
  const int curve_height = curve == nullptr ? 0 : kGap + kCurveHeight;
  Canvas canvas(kLeft + plot_width + kRight, kTop + kSpectrumHeight + curve_height + kBottom);
  canvas.fill(0, 0, canvas.width, canvas.height, kPaper);
  draw_spectrum(&canvas, plot_width, spectrum);
  if (curve != nullptr) draw_curve(&canvas, plot_width, *curve);
  const double duration_s =
      std::max<double>(1.0, static_cast<double>(samples.size())) / sample_rate_hz;
  draw_axes(&canvas, plot_width, duration_s, sample_rate_hz);
  return canvas;
}

void write(const std::string& path, const Canvas& canvas) {
  eval::write_png(path, canvas.width, canvas.height, canvas.rgb);
}

}  // namespace

void write_spectrogram(const std::string& path, const std::vector<float>& samples,
                       int sample_rate_hz) {
  write(path, draw(samples, sample_rate_hz, nullptr));
}

Picture spectrogram(const std::vector<float>& samples, int sample_rate_hz) {
  const Canvas canvas = draw(samples, sample_rate_hz, nullptr);
  return {eval::encode_png("spectrogram", canvas.width, canvas.height, canvas.rgb), canvas.width,
          canvas.height};
}

void write_spectrogram_with_curve(const std::string& path, const std::vector<float>& samples,
                                  int sample_rate_hz, const std::vector<double>& curve) {
  write(path, draw(samples, sample_rate_hz, &curve));
}

}  // namespace glowvox::eval
