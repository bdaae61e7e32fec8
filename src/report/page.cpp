// SPDX-License-Identifier: MIT
#include "report/page.hpp"

#include <fmt/format.h>

#include "audio/wav.hpp"
#include "eval/picture.hpp"
#include "report/chart.hpp"

namespace glowvox::report {

namespace {

constexpr const char* kStyle = R"css(
:root{color-scheme:light dark;--paper:#fbfbfa;--card:#fff;--ink:#1d1f21;--soft:#5f666d;--line:#e1e3e6;
--warn:#9a5b00;--warnpaper:#fff4dd;--c0:#1f6fb2;--c1:#d1571b;--c2:#2a8a57;--c3:#8a4fb5;--c4:#a98600;--c5:#c0397a}
@media (prefers-color-scheme:dark){:root{--paper:#15171a;--card:#1d2024;--ink:#e6e8ea;--soft:#9aa2aa;
--line:#31363c;--warn:#ffca70;--warnpaper:#3a2d12;--c0:#6db3ee;--c1:#ff9a63;--c2:#6fd09c;--c3:#c59bea;--c4:#e0c14a;--c5:#f48abb}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 16px 64px}
h1{font-size:26px;line-height:1.2;margin:0}h2{font-size:18px;margin:36px 0 12px}
.sub,figcaption span{color:var(--soft)}p{max-width:70ch}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(148px,1fr));gap:10px;margin:20px 0 0;padding:0}
.tiles div,figure,details,.wide{background:var(--card);border:1px solid var(--line);border-radius:8px}
.tiles div{padding:10px 12px;min-width:0}.tiles dt{color:var(--soft);font-size:13px}
.tiles dd{margin:0;font-size:18px;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.notes{background:var(--warnpaper);color:var(--warn);border-radius:8px;margin:16px 0 0;padding:10px 12px 10px 30px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:14px}
figure{margin:0;padding:12px;min-width:0}figcaption{font-weight:600;margin-bottom:6px;overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font-size:12px}
svg .grid{stroke:var(--line)}svg .cursor{stroke:var(--soft);stroke-dasharray:3 3}
svg .line{fill:none;stroke-width:1.6;stroke-linejoin:round}
.line.c0{stroke:var(--c0)}.line.c1{stroke:var(--c1)}.line.c2{stroke:var(--c2)}
.line.c3{stroke:var(--c3)}.line.c4{stroke:var(--c4)}.line.c5{stroke:var(--c5)}
circle.c0{fill:var(--c0)}circle.c1{fill:var(--c1)}circle.c2{fill:var(--c2)}
circle.c3{fill:var(--c3)}circle.c4{fill:var(--c4)}circle.c5{fill:var(--c5)}
i.c0{background:var(--c0)}i.c1{background:var(--c1)}i.c2{background:var(--c2)}
i.c3{background:var(--c3)}i.c4{background:var(--c4)}i.c5{background:var(--c5)}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;list-style:none;margin:6px 0 0;padding:0;font-size:13px}
.legend i{display:inline-block;width:12px;height:3px;margin:0 6px 4px 0;border-radius:2px}
output{display:block;min-height:20px;font-size:13px;color:var(--soft);font-variant-numeric:tabular-nums}
.wide{overflow:auto;max-height:420px}table{border-collapse:collapse;width:100%;font-size:13px}
th,td{text-align:left;padding:6px 10px;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums;vertical-align:top}
th{position:sticky;top:0;background:var(--card)}
.sound{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:14px;margin-bottom:14px}
.sound img{display:block;width:100%;height:auto;background:#fff;border-radius:4px}
audio{display:block;width:100%;margin-top:8px}
details{margin-bottom:10px;padding:8px 12px}summary{cursor:pointer;font-weight:600}
pre{overflow:auto;font-size:12.5px;line-height:1.45}
@media (max-width:560px){svg text{font-size:19px}.sound{gap:8px}}
:focus-visible{outline:2px solid var(--c0);outline-offset:2px}
)css";

// Values under the pointer or, with the arrow keys, under the cursor.
constexpr const char* kScript = R"js(
for (const svg of document.querySelectorAll('svg[data-chart]')) {
  const data = JSON.parse(document.getElementById(svg.dataset.chart).textContent);
  const out = svg.parentElement.querySelector('output');
  const cursor = svg.querySelector('.cursor');
  if (!cursor) continue;
  const [from, to] = data.x, [left, width] = data.plot, [, , w] = svg.getAttribute('viewBox').split(' ').map(Number);
  let at = 1;
  const show = () => {
    const x = from + at * (to - from);
    const parts = data.curves.map(c => {
      let best = -1;
      c.x.forEach((v, i) => { if (c.y[i] !== null && (best < 0 || Math.abs(v - x) < Math.abs(c.x[best] - x))) best = i; });
      return best < 0 ? '' : `${c.name} ${Number(c.y[best].toPrecision(5))} at ${Math.round(c.x[best])}`;
    });
    out.textContent = parts.filter(p => p).join('  ·  ');
    const px = (left + at * width) * w;
    cursor.setAttribute('x1', px); cursor.setAttribute('x2', px);
  };
  const move = e => {
    const box = svg.getBoundingClientRect();
    at = Math.min(1, Math.max(0, ((e.clientX - box.left) / box.width - left) / width));
    show();
  };
  svg.addEventListener('pointermove', move);
  svg.addEventListener('pointerdown', move);
  svg.addEventListener('focus', show);
  svg.addEventListener('keydown', e => {
    const step = {ArrowLeft: -0.01, ArrowRight: 0.01, Home: -1, End: 1}[e.key];
    if (!step) return;
    at = Math.min(1, Math.max(0, at + step));
    show();
    e.preventDefault();
  });
}
)js";

std::string base64(const std::string& bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0U;
    };
    const std::uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += kDigits[three >> 18];
    out += kDigits[three >> 12 & 63];
    out += i + 1 < bytes.size() ? kDigits[three >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kDigits[three & 63] : '=';
  }
  return out;
}

std::string sound_html(const std::string& name, const SoundRow::Version& version,
                       int sample_rate_hz) {
  const eval::Picture picture = eval::spectrogram(version.samples, sample_rate_hz);
  return fmt::format(
      "<figure><figcaption>{0} <span>{1}</span></figcaption>"
      "<img alt=\"Spectrogram of {0}, {1}: frequency in kHz over seconds\" width=\"{2}\" "
      "height=\"{3}\" src=\"data:image/png;base64,{4}\">"
      "<audio controls preload=\"metadata\" aria-label=\"{0}, {1}\" "
      "src=\"data:audio/wav;base64,{5}\"></audio></figure>",
      escape_html(name), escape_html(version.label), picture.width, picture.height,
      base64(picture.png), base64(audio::encode_wav(version.samples, sample_rate_hz)));
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

Page::Page(const std::string& title, const std::string& subtitle)
    : title_(title), subtitle_(subtitle) {}

void Page::tiles(const std::vector<std::pair<std::string, std::string>>& labels_and_values) {
  body_ += "<dl class=\"tiles\">";
  for (const auto& [label, value] : labels_and_values)
    body_ +=
        fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", escape_html(label), escape_html(value));
  body_ += "</dl>\n";
}

void Page::notes(const std::vector<std::string>& warnings) {
  if (warnings.empty()) return;
  body_ += "<ul class=\"notes\">";
  for (const std::string& w : warnings) body_ += "<li>" + escape_html(w) + "</li>";
  body_ += "</ul>\n";
}

void Page::heading(const std::string& text) { body_ += "<h2>" + escape_html(text) + "</h2>\n"; }

void Page::paragraph(const std::string& text) {
  body_ += "<p class=\"sub\">" + escape_html(text) + "</p>\n";
}

void Page::charts(const std::vector<Chart>& charts) {
  body_ += "<div class=\"charts\">\n";
  for (const Chart& chart : charts)
    body_ += chart_html(chart, "chart-" + std::to_string(++charts_));
  body_ += "</div>\n";
}

void Page::table(const Table& table) {
  const auto row = [](const char* cell, const std::vector<std::string>& cells) {
    std::string out = "<tr>";
    for (const std::string& c : cells) out += fmt::format("<{0}>{1}</{0}>", cell, escape_html(c));
    return out + "</tr>\n";
  };
  // With the keyboard, too, what does not fit can be scrolled to.
  body_ += "<div class=\"wide\" tabindex=\"0\"><table><thead>" + row("th", table.header) +
           "</thead><tbody>";
  for (const auto& cells : table.rows) body_ += row("td", cells);
  body_ += "</tbody></table></div>\n";
}

void Page::sounds(const std::vector<SoundRow>& rows, int sample_rate_hz) {
  for (const SoundRow& r : rows) {
    body_ += "<div class=\"sound\">";
    for (const SoundRow::Version& v : r.versions) body_ += sound_html(r.name, v, sample_rate_hz);
    body_ += "</div>\n";
  }
}

void Page::folded_text(const std::string& label, const std::string& text) {
  body_ += fmt::format("<details><summary>{}</summary><pre tabindex=\"0\">{}</pre></details>\n",
                       escape_html(label), escape_html(text));
}

std::string Page::html() const {
  // An icon of its own, or browsers ask the folder for one.
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<link rel=\"icon\" href=\"data:,\"><title>{}</title><style>{}</style></head><body><main>\n"
      "<h1>{}</h1><div class=\"sub\">{}</div>\n{}</main><script>{}</script></body></html>\n",
      escape_html(title_), kStyle, escape_html(title_), escape_html(subtitle_), body_, kScript);
}

}  // namespace glowvox::report
