// SPDX-License-Identifier: MIT
// A training report in a real browser.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "audio/sound_file.hpp"
#include "browser/browser.hpp"
#include "core/atomic_file.hpp"
#include "report/page.hpp"

using namespace glowvox;
using test::Browser;

namespace {

// How many spectrograms there are; throws where one cannot be shown.
const char* const kDecodedImages =
    "Promise.all([...document.querySelectorAll('image')].map(i => i.decode())).then(a => a.length)";

report::Curve learning(const char* name, int points, double noise) {
  report::Curve c{name, {}, {}};
  for (int i = 0; i < points; ++i) {
    c.x.push_back(10.0 * i);
    c.y.push_back(5.9 - 0.3 * std::exp(-i / 40.0) + noise * std::sin(i * i * 0.37));
  }
  return c;
}

std::string page_of_a_run(const std::vector<float>& speech) {
  std::vector<float> quiet = speech;
  for (float& v : quiet) v *= 0.5f;
  report::Curve broken = learning("norm", 300, 0.2);
  broken.y[50] = std::numeric_limits<double>::quiet_NaN();
  report::Page page("Training of <tiny> & friends", "running at step 3000");
  page.tiles({{"step", "3000"}, {"held out, nats per sample", "5.9012"}, {"skipped steps", "1"}});
  page.notes({"the conditioner looks dead"});
  page.heading("Curves");
  page.charts({{"Log-likelihood",
                "step",
                "nats per sample",
                false,
                {learning("training batch", 3000, 0.1), learning("held out", 30, 0.0)}},
               {"Gradient norm", "step", "L2 norm", true, {broken}},
               {"Nothing", "step", "nothing", false, {{"nothing", {}, {}}}}});
  page.heading("Held-out recordings and their synthesis");
  page.sounds({{"clip", {{"recording", speech}, {"synthesis", quiet}}}}, 22050);
  page.heading("Skipped steps");
  page.table({{"step", "reason", "recordings"},
              {{"17", "not finite", std::string(400, 'x')}, {"18", "far", "b.wav"}}});
  page.folded_text("Configuration", "steps: 8\nname: <tiny>\n");
  return page.html();
}

// GLOWVOX_SCREENSHOTS names a folder for whoever wants to look.
void keep_screenshot(Browser& browser, const std::string& name) {
  if (const char* folder = std::getenv("GLOWVOX_SCREENSHOTS"))
    browser.screenshot(std::string(folder) + "/" + name + ".png");
}

}  // namespace

TEST_CASE("a report renders, plays and makes no complaint in a browser") {
  if (!Browser::installed()) {
    MESSAGE("skipped: no chromium here");
    return;
  }
  const test::TemporaryDirectory folder;
  const auto speech = audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav").samples;
  write_file(folder.file("report.html"), page_of_a_run(speech));
  Browser browser;
  for (const bool dark : {false, true})
    for (const int width : {1280, 390}) {
      CAPTURE(width);
      browser.resize(width, 900, dark);
      browser.open(folder.file("report.html"));
      CHECK(browser.evaluate("document.querySelector('h1').textContent") ==
            "Training of <tiny> & friends");
      CHECK(browser.evaluate(kDecodedImages) == 2);
      CHECK(browser.evaluate("[...document.querySelectorAll('.plot')].every(s => "
                             "s.getBoundingClientRect().height > 100)") == true);
      CHECK(browser.evaluate("document.querySelectorAll('svg path.line').length") == 3);
      CHECK(browser.evaluate("document.body.textContent.includes('no values yet')") == true);
      CHECK(browser.evaluate("document.documentElement.scrollWidth <= innerWidth") == true);
      keep_screenshot(browser,
                      std::string("report-") + (dark ? "dark-" : "light-") + std::to_string(width));
      CHECK(browser.complaints().empty());
    }
  // Values under the pointer.
  CHECK(test::contains(browser
                           .evaluate("(() => { const s = document.querySelector('svg'); "
                                     "const b = s.getBoundingClientRect(); "
                                     "s.dispatchEvent(new PointerEvent('pointermove', {clientX: "
                                     "b.left + b.width / 2, clientY: b.top + 50})); return "
                                     "s.parentElement.querySelector('output').textContent; })()")
                           .get<std::string>(),
                       "training batch 5."));
  const double seconds = static_cast<double>(speech.size()) / 22050.0;
  const std::string durations =
      "Promise.all([...document.querySelectorAll('audio')].map(a => new Promise(done => "
      "a.readyState > 0 ? done(a.duration) : a.addEventListener('loadedmetadata', () => "
      "done(a.duration)))))";
  for (const auto& duration : browser.evaluate(durations))
    CHECK(duration.get<double>() == doctest::Approx(seconds).epsilon(1e-3));
  const std::string play =
      "(async () => { const a = document.querySelector('audio'); await a.play(); for (let i = 0; i "
      "< 100 && !(a.currentTime > 0.2); ++i) await new Promise(r => setTimeout(r, 50)); "
      "return a.currentTime; })()";
  CHECK(browser.evaluate(play).get<double>() > 0.2);
  // A click on the middle of a spectrogram plays from there, and nothing else any more.
  const std::string click =
      "(async () => { const [first, second] = document.querySelectorAll('audio'); "
      "const plot = second.parentElement.querySelector('.plot'), b = plot.getBoundingClientRect(); "
      "plot.dispatchEvent(new MouseEvent('click', {clientX: b.left + b.width / 2})); "
      "for (let i = 0; i < 100 && !(second.currentTime > 0.52 * second.duration); ++i) "
      "await new Promise(r => setTimeout(r, 20)); return [first.paused, "
      "second.currentTime / second.duration, plot.querySelector('.cursor').getAttribute('x1')]; "
      "})()";
  const auto clicked = browser.evaluate(click);
  CHECK(clicked[0] == true);
  CHECK(clicked[1].get<double>() > 0.52);
  CHECK(std::stod(clicked[2].get<std::string>()) > 50.0);
  for (const std::string& complaint : browser.complaints()) CAPTURE(complaint);
  CHECK(browser.complaints().empty());
}

TEST_CASE("the page of an evaluation, with everything side by side") {
  if (!Browser::installed()) {
    MESSAGE("skipped: no chromium here");
    return;
  }
  const test::TemporaryDirectory folder;
  const auto speech = audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav").samples;
  std::filesystem::create_directories(folder.file("ref"));
  audio::write_audio(folder.file("ref/a.wav"), speech, 22050);
  const std::string run = std::string(GLOWVOX_BINARY) + " init " + GLOWVOX_CONFIGS +
                          "/tiny.yaml -o " + folder.file("m.safetensors") + " && " +
                          GLOWVOX_BINARY + " eval --model " + folder.file("m.safetensors") +
                          " --list " + folder.file("ref") +
                          " --sigma 1 --sigma 0.7 --baseline griffin-lim --baseline noise "
                          "--baseline latents --report " +
                          folder.file("page.html") + " >/dev/null 2>&1";
  REQUIRE(std::system(run.c_str()) == 0);
  Browser browser;
  for (const bool dark : {false, true})
    for (const int width : {1280, 390}) {
      CAPTURE(width);
      browser.resize(width, 900, dark);
      browser.open(folder.file("page.html"));
      CHECK(browser.evaluate("document.querySelector('h1').textContent") == "Evaluation of tiny");
      CHECK(browser.evaluate("document.querySelectorAll('audio').length") == 6);
      CHECK(browser.evaluate(kDecodedImages) == 6);
      CHECK(browser.evaluate("document.querySelectorAll('table').length") == 6);
      CHECK(browser.evaluate("document.documentElement.scrollWidth <= innerWidth") == true);
      keep_screenshot(browser, std::string("evaluation-") + (dark ? "dark-" : "light-") +
                                   std::to_string(width));
      CHECK(browser.complaints().empty());
    }
}

TEST_CASE("the report of a run is what the browser shows") {
  if (!Browser::installed()) {
    MESSAGE("skipped: no chromium here");
    return;
  }
  const test::TemporaryDirectory folder;
  const auto speech = audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav").samples;
  audio::write_audio(folder.file("a.wav"), speech, 22050);
  const std::string run = std::string(GLOWVOX_BINARY) + " train " + GLOWVOX_CONFIGS +
                          "/tiny.yaml --data " + folder.file("") + " --valid " + folder.file("") +
                          " --steps 40 --valid-every 20 --out " + folder.file("run") +
                          " >/dev/null 2>&1";
  REQUIRE(std::system(run.c_str()) == 0);
  Browser browser;
  browser.resize(1280, 900, false);
  browser.open(folder.file("run/report.html"));
  CHECK(browser.evaluate("document.querySelector('h1').textContent") == "Training of tiny");
  CHECK(browser.evaluate("document.querySelector('.sub').textContent.startsWith('finished at step "
                         "40')") == true);
  CHECK(browser.evaluate("document.querySelectorAll('audio').length") == 2);
  CHECK(browser.evaluate(kDecodedImages) == 2);
  CHECK(browser.evaluate("document.querySelectorAll('figure.chart').length") >= 6);
  CHECK(browser.evaluate("document.documentElement.scrollWidth <= innerWidth") == true);
  keep_screenshot(browser, "run");
  CHECK(browser.complaints().empty());
}
