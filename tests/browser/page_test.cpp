// SPDX-License-Identifier: MIT
// The module and the page of bindings/wasm in a real browser, against the native engine.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "arrays/mel_file.hpp"
#include "audio/sound_file.hpp"
#include "browser/browser.hpp"
#include "browser/site.hpp"
#include "glowvox/vocoder.hpp"

using namespace glowvox;
using test::Browser;
using test::Site;

namespace {

const std::string kModel = std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors";
constexpr double kMostLoadedBytes = 15e6;
constexpr double kMostLatencyMs = 1000;
const std::vector<std::string> kMicrophone = {"--use-fake-device-for-media-stream",
                                              "--use-fake-ui-for-media-stream"};

// Whether both are here; says what is missing.
bool possible() {
  if (!Browser::installed()) {
    MESSAGE("skipped: no chromium here");
    return false;
  }
  if (!std::filesystem::exists(std::string(GLOWVOX_SITE) + "/glowvox-engine.wasm")) {
    MESSAGE("skipped: no build-wasm/site here: run bindings/wasm/build first");
    return false;
  }
  return true;
}

Site make_site() { return Site({{"/", GLOWVOX_SITE}, {"/source/", GLOWVOX_SAMPLES}}); }

constexpr double kMostMemory = 160e6;  // of the module, after a model, utterances and a stream

// In the page: the module with the voice as it is in samples, and the sample mel.
const char* const kSetUp = R"((async () => {
  const { load } = await import("/glowvox.js");
  const { readMel } = await import("/files.js");
  const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
  globalThis.vocoder = await load(await bytes("/source/mdct-causal.safetensors"));
  globalThis.mel = readMel(await bytes("/source/kerstin.npy"), vocoder.info.bands, "kerstin.npy");
  return vocoder.info;
})())";

// Compares the packed voice with the shipped one: its tensors, those that are packed, the largest
// distance of a weight in steps of its row, and what is said of a file that is cut off.
const char* const kComparePacked = R"((async () => {
  const { isPacked, unpack } = await import("/packed-model.js");
  const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
  const gunzip = async (b) => new Uint8Array(await new Response(
      new Blob([b]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
  const half = (h) => {
    const sign = h & 0x8000 ? -1 : 1, e = (h >> 10) & 31, f = h & 1023;
    return e === 0 ? sign * f * 2 ** -24 : sign * (1 + f / 1024) * 2 ** (e - 15);
  };
  const read = (file) => {
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
    return {header, values: (name) => {
      const {dtype, data_offsets: [a, b]} = header[name];
      const data = file.slice(8 + length + a, 8 + length + b).buffer;
      return dtype === "F32" ? new Float32Array(data) : Float32Array.from(new Uint16Array(data), half);
    }};
  };
  const packed = await gunzip(await bytes("/voice.glowvox"));
  const ours = read(unpack(packed)), shipped = read(await bytes("/source/mdct-causal.safetensors"));
  let most = 0, count = 0;
  const names = Object.keys(shipped.header).filter((n) => n !== "__metadata__");
  for (const name of names) {
    const a = ours.values(name), b = shipped.values(name), {shape} = shipped.header[name];
    const isOne = ours.header[name].dtype === "F32";
    count += isOne;
    const width = b.length / shape[0];
    for (let r = 0; r < b.length; r += width) {
      let top = 0, off = 0;
      for (let i = r; i < r + width; ++i) {
        top = Math.max(top, Math.abs(b[i]));
        off = Math.max(off, Math.abs(a[i] - b[i]));
      }
      if (off > 0) most = Math.max(most, isOne ? off / (top / 511) : Infinity);
    }
  }
  let cut = "nothing";
  try { unpack(packed.slice(0, 5000000)); } catch (error) { cut = error.message; }
  const same = JSON.stringify(ours.header.__metadata__) === JSON.stringify(shipped.header.__metadata__);
  return {packed: isPacked(packed), count, most, cut, same};
})())";

std::vector<float> floats(const nlohmann::json& values) { return values.get<std::vector<float>>(); }

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double most = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max<double>(most, std::abs(a[i] - b[i]));
  return most;
}

// GLOWVOX_SCREENSHOTS names a folder for whoever wants to look.
void keep_screenshot(Browser& browser, const std::string& name) {
  if (const char* folder = std::getenv("GLOWVOX_SCREENSHOTS"))
    browser.screenshot(std::string(folder) + "/" + name + ".png");
}

std::string text_of(Browser& browser, const std::string& id) {
  return browser.evaluate("document.getElementById('" + id + "').textContent");
}

void click(Browser& browser, const std::string& id) {
  browser.evaluate("document.getElementById('" + id + "').click()");
}

// Waits until a JavaScript expression is true; what is said meanwhile shows where it never is.
void wait_for(Browser& browser, const std::string& condition, double seconds = 30) {
  const std::string poll = "(async () => { for (let i = 0; i < " +
                           std::to_string(static_cast<int>(seconds * 20)) + " && !(" + condition +
                           "); ++i) await new Promise(r => setTimeout(r, 50)); return Boolean(" +
                           condition + "); })()";
  const bool reached = browser.evaluate(poll);
  CAPTURE(condition);
  const std::string said = text_of(browser, "status"), wrong = text_of(browser, "error");
  CAPTURE(said);
  CAPTURE(wrong);
  REQUIRE(reached);
}

void open_page(Browser& browser, const Site& site) {
  browser.visit(site.url(), site.url());
  wait_for(browser,
           "document.getElementById('status').textContent.startsWith('The voice is loaded')", 50);
}

void choose_sample(Browser& browser, int index, const std::string& name) {
  browser.evaluate("document.querySelectorAll('#samples button')[" + std::to_string(index) +
                   "].click()");
  wait_for(browser, "document.getElementById('status').textContent.startsWith('" + name +
                        ":') && !document.getElementById('play').disabled");
}

// Drops a file of this text on the page.
void drop(Browser& browser, const std::string& name, const std::string& text) {
  browser.evaluate(
      "(() => { const data = new DataTransfer(); data.items.add(new File(['" + text + "'], '" +
      name + "')); document.dispatchEvent(new DragEvent('drop', {dataTransfer: data})); })()");
  wait_for(browser, "!document.getElementById('error').hidden");
}

}  // namespace

TEST_CASE("the module makes the native engine's samples") {
  if (!possible()) return;
  const Site site = make_site();
  Browser browser;
  browser.visit(site.url() + "LICENSE.txt", site.url());
  const auto info = browser.evaluate(kSetUp);
  CHECK(info.at("sampleRate") == 22050);
  CHECK(info.at("corrections") == 8);
  const Vocoder native = Vocoder::load(kModel, Precision::kFloat32);
  const Mel mel = arrays::read_mel(std::string(GLOWVOX_SAMPLES) + "/kerstin.npy", 80);
  for (const int corrections : {0, 8}) {
    CAPTURE(corrections);
    const std::string n = std::to_string(corrections);
    const auto made = browser.evaluate(
        "(() => { const o = {sigma: 0.7, seed: 1, corrections: " + n +
        "}; vocoder.synthesize(mel.subarray(0, 80 * 40), o); const t = performance.now(); "
        "const samples = vocoder.synthesize(mel, o); const ms = performance.now() - t; "
        "return {samples: Array.from(samples), ms}; })()");
    SynthesisOptions options;
    options.corrections = corrections;
    const std::vector<float> expected = native.synthesize(mel, options);
    const std::vector<float> samples = floats(made.at("samples"));
    const double difference = largest_difference(samples, expected);
    CHECK(difference <= 1e-3);
    const double speed = static_cast<double>(samples.size()) / 22.05 / made.at("ms").get<double>();
    MESSAGE(corrections << " corrections: largest difference " << difference << ", " << speed
                        << " times real time on one thread");
    // In pieces of any size, bit for bit.
    CHECK(browser.evaluate(
              "(() => { const o = {corrections: " + n +
              "}, stream = vocoder.stream(o, 8), all = []; for (let t = 0; t < mel.length / 80;) { "
              "const c = 1 + t % 13; all.push(...stream.push(mel.subarray(80 * t, 80 * (t + c)))); "
              "t += c; } all.push(...stream.flush()); stream.free(); const whole = "
              "vocoder.synthesize(mel, o); return all.length === whole.length && all.every((v, i) "
              "=> v === whole[i]); })()") == true);
  }
  const double memory = browser.evaluate("vocoder.memoryBytes").get<double>();
  MESSAGE("the module's memory: " << memory / 1e6 << " MB");
  CHECK(memory < kMostMemory);
}

TEST_CASE("the module hears and encodes as the native engine does") {
  if (!possible()) return;
  const Site site = make_site();
  Browser browser;
  browser.visit(site.url() + "LICENSE.txt", site.url());
  browser.evaluate(kSetUp);
  const Vocoder native = Vocoder::load(kModel, Precision::kFloat32);
  std::vector<float> audio = audio::read_audio(std::string(GLOWVOX_SAMPLES) + "/lj.flac").samples;
  audio.resize(256 * 100);
  const nlohmann::json as_json = audio;
  browser.evaluate("(globalThis.audio = Float32Array.from(" + as_json.dump() + "), 0)");
  const auto mel = floats(browser.evaluate("Array.from(vocoder.melOf(audio, 22050))"));
  CHECK(largest_difference(mel, native.mel_of(audio.data(), 256 * 100).values) <= 1e-3);
  const auto encoded = browser.evaluate(
      "(() => { const e = vocoder.encode(audio); globalThis.z = e.latents; return {...e, latents: "
      "Array.from(e.latents)}; })()");
  const Encoding expected = native.encode(audio.data(), 256 * 100);
  CHECK(largest_difference(floats(encoded.at("latents")), expected.latents) <= 1e-2);
  CHECK(encoded.at("samples") == 256 * 100);
  CHECK(encoded.at("logLikelihood").get<double>() ==
        doctest::Approx(expected.log_likelihood).epsilon(1e-4));
  CHECK(encoded.at("frameLogLikelihoods").size() == 100);
  const auto decoded =
      floats(browser.evaluate("Array.from(vocoder.decode(vocoder.melOf(audio), z))"));
  CHECK(largest_difference(decoded, audio) <= 1e-3);
}

TEST_CASE("the module says what is wrong") {
  if (!possible()) return;
  const Site site = make_site();
  Browser browser;
  browser.visit(site.url() + "LICENSE.txt", site.url());
  browser.evaluate(kSetUp);
  const auto message = [&](const std::string& expression) -> std::string {
    return browser.evaluate("(async () => { try { await (" + expression +
                            "); return 'nothing'; } catch (e) { return e.message; } })()");
  };
  CHECK(test::contains(message("vocoder.synthesize(new Float32Array(81))"), "frames of 80 values"));
  CHECK(test::contains(message("vocoder.synthesize(new Float32Array(80).fill(NaN))"), "finite"));
  CHECK(test::contains(message("vocoder.melOf(audio = new Float32Array(9999), 44100)"),
                       "expected 22050 samples a second, got 44100"));
  CHECK(test::contains(message("vocoder.synthesize(mel, {corrections: 99})"), "from 0 to 16"));
  CHECK(test::contains(message("import('/glowvox.js').then(m => m.load(new Uint8Array(100)))"),
                       "model"));
  CHECK(test::contains(
      message("(WebAssembly.validate = () => false, import('/glowvox.js').then(m => m.load(new "
              "Uint8Array(100))))"),
      "no WebAssembly SIMD"));
}

TEST_CASE("the packed voice is the shipped one, to half a step of ten bits") {
  if (!possible()) return;
  const Site site = make_site();
  Browser browser;
  browser.visit(site.url() + "LICENSE.txt", site.url());
  const auto compared = browser.evaluate(kComparePacked);
  CHECK(compared.at("packed") == true);
  CHECK(compared.at("same") == true);
  CHECK(compared.at("count").get<int>() > 80);
  CHECK(compared.at("most").get<double>() > 0.4);
  CHECK(compared.at("most").get<double>() <= 0.501);
  CHECK(compared.at("cut") == "the packed model is damaged: load it again");
}

TEST_CASE("the page makes a copy of a recording, and sounds soon") {
  if (!possible()) return;
  const Site site = make_site();
  Browser browser;
  browser.resize(1280, 900, false);
  open_page(browser, site);
  MESSAGE("the page loaded " << site.sent() << " bytes");
  CHECK(static_cast<double>(site.sent()) <= kMostLoadedBytes);
  choose_sample(browser, 0, "Kerstin");
  click(browser, "play");
  wait_for(browser, "document.getElementById('status').textContent.startsWith('Played')", 40);
  const double latency =
      std::stod(browser.evaluate("document.body.dataset.latency").get<std::string>());
  MESSAGE("sound " << latency << " ms after the click; " << text_of(browser, "status") << " "
                   << text_of(browser, "figures"));
  CHECK(latency <= kMostLatencyMs);
  wait_for(browser, "document.getElementById('figures').textContent.includes('copy')");
  CHECK(browser.evaluate("document.querySelectorAll('#likelihood polyline').length") == 2);
  CHECK(browser.evaluate("document.getElementById('download').disabled") == false);
  // What is downloaded is what was made.
  const auto wav = browser.evaluate(
      "(async () => { let blob; URL.createObjectURL = (b) => { blob = b; return 'data:,'; }; "
      "HTMLAnchorElement.prototype.click = () => {}; document.getElementById('download').click(); "
      "const bytes = new Uint8Array(await blob.arrayBuffer()); return [bytes.length, "
      "String.fromCharCode(...bytes.slice(0, 4))]; })()");
  CHECK(wav[1] == "RIFF");
  CHECK((wav[0].get<int>() - 44) % (2 * 256) == 0);
  CHECK(wav[0].get<int>() > 44 + 2 * 22050);
  CHECK(browser.complaints().empty());
}

TEST_CASE("the page takes a mel, and refuses what is none") {
  if (!possible()) return;
  const Site site = make_site();
  Browser browser;
  open_page(browser, site);
  choose_sample(browser, 3, "a mel alone");
  CHECK(browser.evaluate("document.getElementById('original').disabled") == true);
  click(browser, "play");
  wait_for(browser, "document.getElementById('status').textContent.startsWith('Played')", 40);
  drop(browser, "note.npy", "no mel");
  CHECK(test::contains(text_of(browser, "error"), "note.npy: not an npy file"));
  drop(browser, "note.txt", "no sound");
  wait_for(browser, "document.getElementById('error').textContent.includes('note.txt')");
  CHECK(test::contains(text_of(browser, "error"), "not a sound that this browser can read"));
}

TEST_CASE("the page streams a microphone live") {
  if (!possible()) return;
  const Site site = make_site();
  Browser browser(kMicrophone);
  open_page(browser, site);
  click(browser, "live");
  wait_for(browser, "parseFloat(document.getElementById('played').textContent) >= 3");
  click(browser, "live");
  wait_for(browser, "document.getElementById('figures').textContent.includes('copy')");
  MESSAGE("underruns " << text_of(browser, "underruns") << "; " << text_of(browser, "figures"));
  CHECK(browser.evaluate("document.getElementById('live').textContent") == "Start");
  CHECK(browser.evaluate("document.getElementById('error').hidden") == true);
  // The fake device beeps: it is heard.
  CHECK(browser
            .evaluate("(() => { const c = document.getElementById('spectrogram'), p = "
                      "c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let most "
                      "= 0; for (let i = 0; i < p.length; i += 4) most = Math.max(most, p[i]); "
                      "return most; })()")
            .get<int>() > 120);
  // Recorded, and its copy played.
  click(browser, "record");
  wait_for(browser, "document.getElementById('status').textContent.startsWith('Recording')");
  browser.evaluate("new Promise(r => setTimeout(r, 1500))");
  click(browser, "record");
  wait_for(browser, "document.getElementById('status').textContent.startsWith('Played')");
  CHECK(browser.complaints().empty());
}

TEST_CASE("the page mixes two clips: the ends are the recordings") {
  if (!possible()) return;
  const Site site = make_site();
  Browser browser;
  open_page(browser, site);
  browser.evaluate(
      "(() => { document.getElementById('amount').value = 0; const f = "
      "document.getElementById('from'), t = document.getElementById('to'); f.value = 'Kerstin'; "
      "t.value = 'LJ'; let create = URL.createObjectURL; URL.createObjectURL = (b) => { "
      "globalThis.wav = b; return 'data:,'; }; HTMLAnchorElement.prototype.click = () => {}; })()");
  click(browser, "blend");
  wait_for(browser, "document.getElementById('status').textContent.startsWith('Played')", 50);
  click(browser, "download");
  const auto made = floats(browser.evaluate(
      "(async () => Array.from(new Int16Array(await wav.slice(44).arrayBuffer()), v => v / "
      "32767))()"));
  std::vector<float> recording =
      audio::read_audio(std::string(GLOWVOX_SAMPLES) + "/kerstin.flac").samples;
  REQUIRE(made.size() <= recording.size());
  recording.resize(made.size());
  CHECK(largest_difference(made, recording) <= 2e-3);
}

TEST_CASE("the page fits light and dark, wide and narrow") {
  if (!possible()) return;
  const Site site = make_site();
  Browser browser;
  for (const bool dark : {false, true})
    for (const int width : {1280, 390}) {
      CAPTURE(width);
      browser.resize(width, 900, dark);
      open_page(browser, site);
      choose_sample(browser, 1, "LJ");
      click(browser, "play");
      wait_for(browser, "document.getElementById('figures').textContent.includes('copy')", 40);
      CHECK(browser.evaluate("document.documentElement.scrollWidth <= innerWidth") == true);
      // Everything that can be used has a name, and is large enough to be touched.
      CHECK(browser.evaluate(
                "[...document.querySelectorAll('button, input, select')].filter(e => "
                "!(e.textContent.trim() || e.labels?.length || e.ariaLabel)).length") == 0);
      CHECK(browser.evaluate("[...document.querySelectorAll('button, select, .button')].every(e => "
                             "e.getBoundingClientRect().height >= 36)") == true);
      keep_screenshot(browser,
                      std::string("page-") + (dark ? "dark-" : "light-") + std::to_string(width));
    }
  CHECK(browser.complaints().empty());
}
