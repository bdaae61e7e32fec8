// SPDX-License-Identifier: MIT
#include "report/page.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <regex>

#include "audio/wav.hpp"
#include "core/atomic_file.hpp"
#include "report/chart.hpp"
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
  report::Chart chart{"t", "step", "y", false, {curve}};
  CHECK(report::chart_html(chart, "id").size() < 200000);
}

TEST_CASE("what is not finite interrupts a line, nothing at all is said") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto moves = [](const std::string& html) {
    const std::regex path("class=\"line c0\" d=\"([^\"]*)\"");
    std::smatch found;
    REQUIRE(std::regex_search(html, found, path));
    const std::string d = found[1];
    return std::count(d.begin(), d.end(), 'M');
  };
  report::Chart chart{"t", "step", "y", false, {{"c", {1, 2, 3, 4, 5}, {1, 2, nan, 4, 5}}}};
  CHECK(moves(report::chart_html(chart, "a")) == 2);
  chart.log_y = true;
  chart.curves[0].y = {1, 2, -3, 4, 5};
  CHECK(moves(report::chart_html(chart, "a")) == 2);
  chart.curves[0].y = {nan, nan, nan, nan, nan};
  CHECK(test::contains(report::chart_html(chart, "a"), "no values yet"));
  CHECK(!test::contains(report::chart_html(chart, "a"), "nan"));
  // A lone value is a dot.
  chart.curves = {{"c", {3}, {5}}};
  CHECK(test::contains(report::chart_html(chart, "a"), "<circle"));
}

TEST_CASE("a sound in memory is the file that would be written") {
  const test::TemporaryDirectory folder;
  std::vector<float> samples;
  for (int i = 0; i < 30000; ++i) samples.push_back(0.5f * std::sin(0.05f * i));
  samples.push_back(2.0f);
  audio::write_audio(folder.file("a.wav"), samples, 22050);
  CHECK(audio::encode_wav(samples, 22050) == read_file(folder.file("a.wav")));
}
