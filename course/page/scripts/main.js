// The page: what the reader moves becomes a state, the state a situation, and that is drawn once a frame.

import { delaysOf } from "./dynamics.js";
import { LIBRARY } from "./library.js";
import { MapPicture, MomentumPicture, NormPicture, PathPicture, RacePicture } from "./pictures.js";
import { normals } from "./random.js";
import { limitAt, race, situation } from "./situation.js";
import { FIRST, SETTINGS, admitted, fragment, parsed } from "./state.js";
import { beside, outcome, refusal, said, seen } from "./words.js";

const at = (id) => document.getElementById(id);
const LOGARITHMIC = new Set(["step", "boldness"]);
const QUIET = 400;

let state = FIRST;
let update = 12;
let bet = null;
let guess = null;
let playing = 0;

const pictures = {
  path: new PathPicture(at("path"), false),
  late: new PathPicture(at("late"), true),
  norm: new NormPicture(at("norm")),
  map: new MapPicture(at("map"), (moved) => change(moved)),
  momentum: new MomentumPicture(at("momenta"), [0, 1, 4, 16]),
  race: new RacePicture(at("race")),
};

const SHOWN = {
  delay: (value) => String(value),
  step: (value) => `${said(value)}/L`,
  noise: (value) => said(value),
  momentum: (value) => said(value),
  steps: (value) => String(value),
  boldness: (value) => `× ${said(value)}`,
};

/** The controls say what the state is. */
function settle() {
  for (const [name, shown] of Object.entries(SHOWN)) {
    const control = at(name);
    const value = String(LOGARITHMIC.has(name) ? Math.log10(state[name]) : state[name]);
    if (control !== document.activeElement || control.type !== "range" || !LOGARITHMIC.has(name)) control.value = value;
    if (control.type === "range") control.setAttribute("aria-valuetext", shown(state[name]));
    const output = at(`${name}-shown`);
    if (output) output.textContent = shown(state[name]);
  }
  for (const name of ["problem", "delays"]) at(name).value = state[name];
  at("seed").textContent = String(state.seed);
}

let pending = 0;
let quiet = 0;
let found = null;

/** Take over what has changed; everything is drawn in the next frame. */
function change(moved) {
  const next = { ...state };
  for (const [name, given] of Object.entries(moved)) next[name] = admitted(name, given) ?? state[name];
  state = Object.freeze(next);
  pending ||= requestAnimationFrame(render);
  clearTimeout(quiet);
  quiet = setTimeout(tell, QUIET);
}

/** How each picture is drawn, by the element that has to be in view for it. */
const DRAWN = {
  path: () => pictures.path.draw(found, 0),
  norm: () => pictures.norm.draw(found),
  map: () => pictures.map.draw(found),
  late: () => drawLate(),
  "proved-section": () => drawProved(),
  "race-section": () => (bet ? drawRace() : pictures.race.draw(null, state.steps)),
};

function inView(id) {
  const { top, bottom } = at(id).getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/** What is in view follows at once; the rest when the reader has come to rest. */
function render() {
  pending = 0;
  found = situation(state);
  const seenNow = Object.keys(DRAWN).filter(inView);
  settle();
  for (const id of seenNow) DRAWN[id]();
}

function drawLate() {
  update = Math.min(update, state.steps - 1);
  pictures.late.draw(found, update);
  tellUpdate();
}

/** Text in which what follows an underscore is an index. */
function write(id, text) {
  const parts = text.split(/_(\w)/);
  at(id).replaceChildren(...parts.map((part, i) => (i % 2 ? Object.assign(document.createElement("sub"), { textContent: part }) : part)));
}

function drawProved() {
  for (const each of found.bounds) {
    at(`${each.bound.name}-value`).textContent = said(each.value);
    write(`${each.bound.name}-why`, each.value === null ? `does not apply: ${refusal(each)}` : each === found.best ? "the smallest of these" : "");
    at(`${each.bound.name}-row`).classList.toggle("best", each === found.best);
  }
  at("reached").textContent = said(found.least.at(-1));
}

function tellUpdate() {
  const slider = at("update");
  slider.max = String(state.steps - 1);
  slider.value = String(update);
  const delay = found.delays[update];
  const old = delay === 0 ? "fresh gradient" : `gradient ${delay} ${delay === 1 ? "update" : "updates"} old`;
  const words = `Update ${update} applies a ${old}`;
  at("update-shown").textContent = String(update);
  at("update-told").textContent = `${words}${delay ? `, read at update ${update - delay}` : ""}.`;
  slider.setAttribute("aria-valuetext", words);
}

const NAMES = { constant: "the constant step", wait: "waiting", adaptive: "delay-adaptive steps", counter: "counter-momentum" };

function drawRace() {
  const entered = race(state);
  pictures.race.draw(entered, state.steps);
  const order = [...entered].sort((a, b) => a.final - b.final);
  for (const each of entered) {
    at(`${each.name}-least`).textContent = each.diverged ? `diverged (${said(each.final)} before)` : said(each.final);
    at(`${each.name}-updates`).textContent = String(each.updates);
    at(`${each.name}-allowed`).textContent = each.best ? `${said(each.best.value)} (${each.best.bound.title})` : "nothing by these";
    at(`${each.name}-row`).classList.toggle("best", each === order[0]);
  }
  const close = order[1].final <= 1.1 * order[0].final;
  const winner = close ? "close" : order[0].name;
  const ratio = said(order[1].final / order[0].final);
  const result = close
    ? `${NAMES[order[0].name]} and ${NAMES[order[1].name]} end within a tenth of each other`
    : `the least is reached by ${NAMES[order[0].name]}, ${ratio} times below that of ${NAMES[order[1].name]}`;
  const yours = bet === winner ? "As you said: " : `You said ${bet === "close" ? "that it would be close" : NAMES[bet]}. In fact `;
  at("race-told").textContent = `${yours}${result}.`;
}

/** The words, once the reader has come to rest: in the live region, and in the address. */
function tell() {
  at("seen").textContent = `What you see: ${seen(found)}`;
  for (const id of ["path", "norm", "map"]) at(id).setAttribute("aria-label", described(id));
  at("command").textContent = command();
  for (const draw of Object.values(DRAWN)) draw();
  const address = fragment(state);
  if (address !== (location.hash || "#")) history.replaceState(null, "", address);
}

/** What a picture shows, for those who do not see it. */
function described(id) {
  const proved = found.best ? `${found.best.bound.title} allows ${said(found.best.value)}` : "no bound applies";
  return {
    path: `The path of the run on the level curves: ${outcome(found)}.`,
    norm: `Squared gradient norm by update: the least is ${said(found.least.at(-1))}; ${proved}.`,
    map: `Step size against delay: you are at delay ${state.delay}. ${beside(found)}.`,
  }[id];
}

/** The command that makes the same runs with the library. */
function command() {
  const method = state.momentum === 0 ? "" : ` --method momentum:beta=${state.momentum}`;
  const law = state.delays === "constant" ? "" : ` --delays ${state.delays}`;
  const seed = state.seed === 0 ? "" : ` --seed ${state.seed}`;
  const seeds = state.noise > 0 ? LIBRARY.seeds : 1;
  return (
    `gradlag check --problem ${found.objective.spelling},noise=${state.noise} --schedule "${state.step}/L" ` +
    `--staleness ${state.delay + 1} --steps ${state.steps} --seeds ${seeds}${seed}${law}${method}`
  );
}

function arrive() {
  const { state: read, ignored } = parsed(location.hash);
  state = read;
  at("ignored").textContent = ignored.length ? `Not understood in the address, and left out: ${ignored.join(", ")}.` : "";
  change({});
}

function bind() {
  for (const name of Object.keys(SHOWN)) {
    at(name).addEventListener("input", (event) => {
      const value = event.target.value;
      change({ [name]: LOGARITHMIC.has(name) ? 10 ** value : value });
    });
  }
  for (const name of ["problem", "delays"]) at(name).addEventListener("change", (event) => change({ [name]: event.target.value }));
  at("other").addEventListener("click", () => change({ seed: state.seed + 1 }));
  at("update").addEventListener("input", (event) => {
    update = Number(event.target.value);
    drawLate();
  });
  at("play").addEventListener("click", play);
  for (const preset of document.querySelectorAll("[data-fragment]")) {
    preset.addEventListener("click", () => {
      at("note").textContent = preset.dataset.note;
      state = parsed(preset.dataset.fragment).state;
      change({});
    });
  }
  at("skip").addEventListener("click", () => at("delay").focus());
  at("copy").addEventListener("click", copy);
  bindQuestions();
  addEventListener("hashchange", arrive);
  new ResizeObserver(() => {
    const changed = Object.values(pictures).map(({ picture }) => picture.fit());
    if (changed.includes(true) && found) for (const draw of Object.values(DRAWN)) draw();
    pictures.momentum.draw(guess);
  }).observe(at("main"));
}

async function copy() {
  try {
    await navigator.clipboard.writeText(location.href);
    at("copied").textContent = "The link is copied.";
  } catch {
    at("copied").textContent = `Copy the address of this page: it ends in ${fragment(state)}`;
  }
}

/** Update after update; where motion is not wanted, one update a press. */
function play() {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const wasPlaying = playing !== 0;
  clearInterval(playing);
  playing = 0;
  at("play").textContent = "Play";
  if (wasPlaying) return;
  const step = () => {
    update = (update + 1) % state.steps;
    drawLate();
  };
  if (still) step();
  else {
    playing = setInterval(step, 120);
    at("play").textContent = "Stop";
  }
}

/** What momentum does to the limit at a delay of 4: the share of the limit without it that is left. */
function shareLeft(delay, momentum) {
  return limitAt("constant", delay, momentum) / limitAt("constant", delay, 0);
}

function bindQuestions() {
  const ask = (id, reveal) => {
    at(id).addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = new FormData(event.target).get("answer");
      if (chosen === null) at(`${id}-told`).textContent = "Choose an answer first; any guess will do.";
      else reveal(chosen);
    });
  };
  ask("momentum-question", (chosen) => {
    guess = chosen;
    const share = shareLeft(4, 0.9);
    const right = [...document.querySelectorAll("#momentum-question input")].find(
      ({ dataset }) => share > Number(dataset.above) && share <= Number(dataset.below),
    );
    const verdict = right.value === chosen ? "Yes." : "No.";
    at("momentum-question-told").textContent =
      `${verdict} Without delay the limit rises to ${said(shareLeft(0, 0.9))} times itself; at a delay of 4 it falls ` +
      `to ${said(share)} of itself, from ${said(limitAt("constant", 4, 0))}/L to ${said(limitAt("constant", 4, 0.9))}/L.`;
    pictures.momentum.draw(guess);
  });
  ask("race-question", (chosen) => {
    bet = chosen;
    at("race-results").hidden = false;
    drawRace();
  });
  at("again").addEventListener("click", () => {
    bet = null;
    at("race-results").hidden = true;
    at("race-told").textContent = "The race is run when you have predicted.";
    at("race-question").reset();
    pictures.race.draw(null, state.steps);
    document.querySelector("#race-question input").focus();
  });
}

bind();
arrive();
globalThis.gradlag = Object.freeze({ situation, race, parsed, fragment, normals, delaysOf, limitAt, FIRST, LIBRARY, SETTINGS });
