// SPDX-License-Identifier: MIT
#include "report/page.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>

#include "audio/sound_file.hpp"
#include "core/atomic_file.hpp"
#include "report/chart.hpp"
#include "report/template.hpp"
#include "temporary.hpp"

using namespace glowvox;

TEST_CASE("a page escapes what it is given and asks for nothing from outside") {
  report::Page page("<script>", "a & b");
  page.tiles({{"\"label\"", "<value>"}});
  page.table({{"<h>"}, {{"<img src=x onerror=alert(1)>"}}});
  page.folded_text("text", "</pre><script>");
  page.charts({{"<t>", "x", "y", false, {{"</script><b>", {1, 2}, {1, 2}}}}});
  page.sounds({{"clip", {{"recording", std::vector<float>(22050, 0.1f)}}}}, 22050);
  const std::string html = page.html();
  CHECK(test::contains(html, "&lt;script&gt;"));
  CHECK(!test::contains(html, "<img src=x"));
  CHECK(!test::contains(html, "</script><b>"));
  CHECK(!test::contains(html, "</pre><script>"));
  CHECK(!test::contains(html, "http://"));
  CHECK(!test::contains(html, "https://"));
  const std::regex source("(src|href)=\"([^\"]{0,5})");
  for (std::sregex_iterator m(html.begin(), html.end(), source), end; m != end; ++m)
    CHECK((*m)[2].str() == "data:");
}

TEST_CASE("many points are thinned without losing a peak, few are left alone") {
  report::Curve curve{"c", {}, {}};
  for (int i = 0; i < 100000; ++i) {
    curve.x.push_back(i);
    curve.y.push_back(i == 77777 ? 50.0 : i == 33333 ? -50.0 : std::sin(i * 0.01));
  }
  const report::Curve few = report::thinned(curve, 0.0, 99999.0, 500);
  CHECK(few.x.size() <= 1002);
  CHECK(*std::max_element(few.y.begin(), few.y.end()) == 50.0);
  CHECK(*std::min_element(few.y.begin(), few.y.end()) == -50.0);
  CHECK(std::is_sorted(few.x.begin(), few.x.end()));
  const report::Curve small{"s", {1, 2, 3}, {3, 2, 1}};
  CHECK(report::thinned(small, 1.0, 3.0, 500).y == small.y);
  CHECK(report::chart_values({"t", "step", "y", false, {curve}}).dump().size() < 200000);
}

TEST_CASE("what is not finite interrupts a line, nothing at all is said") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto moves = [](const report::Chart& chart) {
    const std::string line = report::chart_values(chart)["curves"][0]["line"];
    CHECK(!test::contains(line, "nan"));
    return std::count(line.begin(), line.end(), 'M');
  };
  report::Chart chart{"t", "step", "y", false, {{"c", {1, 2, 3, 4, 5}, {1, 2, nan, 4, 5}}}};
  CHECK(moves(chart) == 2);
  chart.log_y = true;
  chart.curves[0].y = {1, 2, -3, 4, 5};
  CHECK(moves(chart) == 2);
  CHECK(report::chart_values(chart)["curves"][0]["dots"] == "");
  chart.curves[0].y = {nan, nan, nan, nan, nan};
  report::Page page("t", "s");
  page.charts({chart});
  CHECK(test::contains(page.html(), "no values yet"));
  // A lone value is a dot, in the middle.
  chart.curves = {{"c", {3}, {5}}};
  CHECK(report::chart_values(chart)["curves"][0]["dots"] == "M500.0 500.0h0");
}

TEST_CASE("ticks are round numbers within the axis") {
  const auto labels = [](double from, double to, bool log) {
    report::Axis axis;
    axis.from = from;
    axis.to = to;
    axis.log = log;
    std::string all;
    const nlohmann::json values = report::plot_values({}, axis, axis);
    for (const auto& tick : values["x_ticks"])
      all += tick["label"].get<std::string>() + "@" + tick["at"].get<std::string>() + " ";
    return all;
  };
  CHECK(labels(0, 2, false) == "0@0.00 0.5@25.00 1@50.00 1.5@75.00 2@100.00 ");
  CHECK(labels(-1e6, 1e6, false) == "-1M@0.00 -500k@25.00 0@50.00 500k@75.00 1M@100.00 ");
  CHECK(labels(1, 1000, true) == "1@0.00 10@33.33 100@66.67 1000@100.00 ");
}

TEST_CASE("bytes in a page's addresses are base64 with its padding") {  // RFC 4648, section 10
  CHECK(report::data_uri("a/b", "") == "data:a/b;base64,");
  CHECK(report::data_uri("a/b", "f") == "data:a/b;base64,Zg==");
  CHECK(report::data_uri("a/b", "fo") == "data:a/b;base64,Zm8=");
  CHECK(report::data_uri("a/b", "foobar") == "data:a/b;base64,Zm9vYmFy");
}

TEST_CASE("a sound in memory is the file that would be written") {
  const test::TemporaryDirectory folder;
  std::vector<float> samples;
  for (int i = 0; i < 30000; ++i) samples.push_back(0.5f * std::sin(0.05f * i));
  samples.push_back(2.0f);
  audio::write_audio(folder.file("a.wav"), samples, 22050);
  CHECK(audio::encode_wav(samples, 22050) == read_file(folder.file("a.wav")));
}
