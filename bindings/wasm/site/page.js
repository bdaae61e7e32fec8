// SPDX-License-Identifier: MIT
// The page: what its buttons do, and what it shows of it.
import { readMel, readSound, wavOf } from "./files.js";
import { drawCurves, Picture } from "./picture.js";
import { Audio, Engine } from "./player.js";

const $ = (id) => document.getElementById(id);
const MODEL = "voice.glowvox";
const SAMPLES = [
  { name: "Kerstin", file: "samples/kerstin.flac" },
  { name: "LJ", file: "samples/lj.flac" },
  { name: "VCTK p345", file: "samples/vctk-p345.flac" },
  { name: "a mel alone", file: "samples/nathalie.npy" },
];
const AHEAD_SECONDS = 0.08; // that a player has before it begins
const LIVE_WINDOW_SECONDS = 6; // of the picture

let info = null;
let audio = null;
let picture = null;
let source = null; // {name, mel, recording}: what was dropped
let made = { number: 0, pieces: [], samples: 0, expected: 0, played: 0 }; // what is played
let curves = { copy: null, recording: null };
let recording = null; // while the microphone is recorded
let live = false;
let clickedAt = 0;

const engine = new Engine((event) => {
  if (event.event === "loading") {
    const total = event.total || 13.6e6;
    $("progress").value = Math.min(1, event.got / total);
    say(`Loading the voice: ${(event.got / 1e6).toFixed(1)} MB`);
  } else if (event.event === "piece" && event.speech === made.number) {
    made.pieces.push(event.samples);
    made.samples += event.samples.length;
    picture.add(event.mel);
  }
});

function say(text) {
  $("status").textContent = text;
}

function fail(error) {
  $("error").textContent = error.message;
  $("error").hidden = false;
}

/** Runs what a click asks for; a failure is shown. */
async function attempt(action) {
  $("error").hidden = true;
  try {
    await action();
  } catch (error) {
    fail(error);
  }
  enable();
}

function enable() {
  const ready = info !== null;
  $("play").disabled = !ready || !source || live || recording !== null;
  $("original").disabled = !ready || !source?.recording || live || recording !== null;
  $("stop").disabled = !ready || made.number === 0 || live;
  $("download").disabled = made.samples === 0;
  $("record").disabled = !ready || live;
  $("live").disabled = !ready || recording !== null;
  $("blend").disabled = !ready || live || recording !== null;
}

function options() {
  return { sigma: Number($("sigma").value), seed: Number($("seed").value) || 0, corrections: Number($("corrections").value) };
}

let number = 0;
/** A new sound: the picture is cleared, and the player made ready. expected: samples, 0 for one without an end. */
async function begin(expected, what) {
  made = { number: ++number, pieces: [], samples: 0, expected, played: 0, what };
  const frames = (expected || LIVE_WINDOW_SECONDS * info.sampleRate) / info.hop;
  picture.begin(Math.ceil(frames));
  showCurves();
  $("spectrogram").setAttribute("aria-label", `Mel spectrogram of ${what}`);
  $("underruns").textContent = "0";
  enable();
  return audio.play(AHEAD_SECONDS * info.sampleRate, progress);
}

function progress({ played, waiting, underruns, ended }) {
  if (clickedAt && played > 0) {
    made.latency = performance.now() - clickedAt;
    clickedAt = 0;
    document.body.dataset.latency = made.latency.toFixed(0);
  }
  made.played = played;
  made.ended = ended;
  const rate = info.sampleRate;
  $("underruns").textContent = String(underruns);
  $("waiting").textContent = `${Math.round((1000 * waiting) / rate)} ms`;
  $("played").textContent = `${(played / rate).toFixed(1)} s`;
  if (made.expected) picture.at(played / made.expected);
  if (ended) {
    picture.at(0);
    say(`Played ${(played / rate).toFixed(2)} s, ${underruns} underruns.`);
  }
}

function samplesMade() {
  const all = new Float32Array(made.samples);
  let at = 0;
  for (const piece of made.pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function showCurves() {
  const range = drawCurves($("likelihood"), [
    curves.recording && { values: curves.recording.curve, name: "recording" },
    curves.copy && { values: curves.copy.curve, name: "copy" },
  ]);
  $("high").textContent = range ? range.high : "";
  $("low").textContent = range ? range.low : "";
  const words = [];
  if (curves.copy) words.push(`copy ${curves.copy.mean.toFixed(2)} nats per sample`);
  if (curves.recording) words.push(`recording ${curves.recording.mean.toFixed(2)} nats per sample`);
  $("likelihood").setAttribute("aria-label", words.length ? `Log-likelihood: ${words.join(", ")}` : "No likelihood yet");
  return words;
}

async function showLikelihood(of, what) {
  curves.copy = await engine.ask("likelihood");
  if (made.number !== of) return;
  const words = showCurves();
  $("figures").textContent = [what, ...words].join("; ");
}

function speed({ seconds, computeSeconds, realTime }) {
  document.body.dataset.realTime = realTime.toFixed(2);
  return `${seconds.toFixed(2)} s made in ${computeSeconds.toFixed(2)} s, ${realTime.toFixed(1)} times real time`;
}

async function playCopy() {
  curves.copy = null;
  const { mel } = source;
  const port = await begin((mel.length / info.bands) * info.hop, `the copy of ${source.name}`);
  say(`Playing the copy of ${source.name}.`);
  const of = made.number;
  const result = await engine.ask("speak", { mel, options: options(), port, number: of }, [port]);
  if (!result.ended) return;
  await showLikelihood(of, speed(result));
}

async function playOriginal() {
  const { recording: samples, name } = source;
  const port = await begin(samples.length, `the recording ${name}`);
  say(`Playing the recording ${name}.`);
  port.postMessage({ samples });
  port.postMessage({ end: true });
  made.pieces.push(samples);
  made.samples = samples.length;
  picture.add(source.mel);
  enable();
}

async function stop() {
  audio?.silence();
  picture.at(0);
  made.number = 0;
  await engine.ask("stop");
  say("Stopped.");
}

// What was dropped, chosen or recorded becomes the sound of the page.
async function take(name, { mel, samples }) {
  await stop();
  say(`Reading ${name}…`);
  source = { name, recording: samples ?? null, mel: mel ?? (await engine.ask("melOf", { samples })) };
  curves = { copy: null, recording: null };
  if (samples) curves.recording = await engine.ask("likelihood", { samples });
  $("figures").textContent = "";
  const seconds = ((source.mel.length / info.bands) * info.hop) / info.sampleRate;
  say(`${name}: ${seconds.toFixed(2)} s. Play the copy.`);
  picture.begin(source.mel.length / info.bands);
  picture.add(source.mel);
  $("spectrogram").setAttribute("aria-label", `Mel spectrogram of ${name}`);
  showCurves();
  if (samples) offerClip(name, samples);
}

async function readFile(name, bytes) {
  if (name.toLowerCase().endsWith(".npy")) return { mel: readMel(bytes, info.bands, name) };
  return { samples: await readSound(bytes, info.sampleRate, name) };
}

async function takeFile(file) {
  if (!info) throw new Error("the voice is not there yet: drop the file again in a moment");
  await take(file.name, await readFile(file.name, new Uint8Array(await file.arrayBuffer())));
}

async function fetchSample(file) {
  const answer = await fetch(file);
  if (!answer.ok) throw new Error(`${file}: the server answered ${answer.status}`);
  return readFile(file, new Uint8Array(await answer.arrayBuffer()));
}

/** Records until it is called again. */
async function record() {
  if (recording) {
    const { pieces } = recording;
    audio.stopListening();
    recording = null;
    $("record").setAttribute("aria-pressed", "false");
    $("record").textContent = "Record the microphone";
    const samples = new Float32Array(pieces.reduce((sum, p) => sum + p.length, 0));
    pieces.reduce((at, p) => (samples.set(p, at), at + p.length), 0);
    await take("your voice", { samples });
    await playCopy();
    return;
  }
  await stop();
  const port = await audio.listen(null, 1024, null);
  recording = { pieces: [] };
  port.onmessage = ({ data }) => recording?.pieces.push(data.samples);
  $("record").setAttribute("aria-pressed", "true");
  $("record").textContent = "Stop and play the copy";
  say("Recording: speak.");
}

function liveOptions() {
  return $("live-corrections").checked ? options() : { ...options(), corrections: info.liveCorrections };
}

async function toggleLive() {
  if (live) {
    audio.stopListening();
    await engine.ask("stop");
    return;
  }
  const microphone = document.querySelector("input[name=source]:checked").value === "microphone";
  if (!microphone && !source?.recording) throw new Error("choose or record a sound above first");
  curves.copy = null;
  const input = await audio.listen(microphone ? null : source.recording, info.hop, () => audio.stopListening());
  const port = await begin(0, microphone ? "the microphone, live" : `${source.name}, live`);
  const of = made.number;
  live = true;
  $("live").setAttribute("aria-pressed", "true");
  $("live").textContent = "Stop";
  enable();
  say("Live.");
  try {
    const result = await engine.ask("live", { port, input, options: liveOptions(), number: of }, [port, input]);
    if (result.why) say(result.why);
    await showLikelihood(of, speed(result));
  } finally {
    audio.stopListening();
    live = false;
    $("live").setAttribute("aria-pressed", "false");
    $("live").textContent = "Start";
  }
}

// Clips that can be mixed: read when they are first asked for.
const clips = new Map(SAMPLES.filter((s) => s.file.endsWith(".flac")).map((s) => [s.name, { file: s.file }]));

function listClips() {
  for (const id of ["from", "to"]) {
    const chosen = $(id).value;
    $(id).replaceChildren(...[...clips.keys()].map((name) => new Option(name, name)));
    if (clips.has(chosen)) $(id).value = chosen;
  }
}

function offerClip(name, samples) {
  clips.set(name, { samples });
  const [from, to] = [$("from").value, $("to").value];
  listClips();
  $("from").value = from;
  $("to").value = to;
}

async function keep(name) {
  const clip = clips.get(name);
  if (clip.kept) return;
  const samples = clip.samples ?? (await fetchSample(clip.file)).samples;
  await engine.ask("keepClip", { name, samples });
  clip.kept = true;
}

async function playBlend() {
  const [from, to, amount] = [$("from").value, $("to").value, Number($("amount").value)];
  await stop();
  say("Encoding…");
  await keep(from);
  await keep(to);
  curves = { copy: null, recording: null };
  const port = await begin(1, `${from} mixed with ${to}`);
  const of = made.number;
  const result = await engine.ask("blend", { from, to, amount, port, number: of }, [port]);
  if (made.number !== of) return;
  made.expected = made.samples;
  const mel = await engine.ask("melOf", { samples: samplesMade() });
  picture.begin(mel.length / info.bands);
  picture.add(mel);
  say(`Playing ${from} and ${to} at ${amount.toFixed(2)}.`);
  await showLikelihood(of, speed(result));
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(wavOf(samplesMade(), info.sampleRate));
  link.download = `${(made.what ?? "glowvox").replace(/[^\p{L}\p{N}]+/gu, "-")}.wav`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function onClick(id, action) {
  $(id).addEventListener("click", () => {
    clickedAt = performance.now();
    attempt(action);
  });
}

function connect() {
  onClick("play", async () => {
    await stop();
    await playCopy();
  });
  onClick("original", async () => {
    await stop();
    await playOriginal();
  });
  onClick("stop", stop);
  onClick("download", download);
  onClick("record", record);
  onClick("live", toggleLive);
  onClick("blend", playBlend);
  $("file").addEventListener("change", () => {
    const [file] = $("file").files;
    if (file) attempt(() => takeFile(file));
    $("file").value = "";
  });
  const drop = $("drop");
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => event.relatedTarget ?? drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) attempt(() => takeFile(file));
  });
  $("sigma").addEventListener("input", () => ($("sigma-value").textContent = Number($("sigma").value).toFixed(2)));
  $("amount").addEventListener("input", () => ($("amount-value").textContent = Number($("amount").value).toFixed(2)));
  for (const id of ["sigma", "corrections", "seed", "live-corrections"]) {
    $(id).addEventListener("change", () => {
      if (live) attempt(() => engine.ask("changeLive", { options: liveOptions() }));
    });
  }
  for (const sample of SAMPLES) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sample.name;
    button.addEventListener("click", () => attempt(async () => {
      if (!info) throw new Error("the voice is not there yet: try again in a moment");
      await take(sample.name, await fetchSample(sample.file));
    }));
    $("samples").append(button);
  }
  listClips();
  $("to").selectedIndex = 2;
}

async function start() {
  connect();
  try {
    info = await engine.ask("load", { url: MODEL });
  } catch (error) {
    say("");
    $("progress").hidden = true;
    fail(error);
    return;
  }
  audio = new Audio(info.sampleRate);
  picture = new Picture($("spectrogram"), $("cursor"), info);
  $("progress").hidden = true;
  $("about").textContent = `Voice ${info.name}: ${info.sampleRate} Hz. Its mels: ${info.mel}. glowvox ${info.version}.`;
  say("The voice is loaded. Choose a sound.");
  enable();
}

start();
