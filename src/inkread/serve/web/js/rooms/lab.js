/** The room in which data sets are looked into, networks evaluated, and a small one trained and tried. */
import * as api from "../api.js";
import * as state from "../state/lab.js";
import { openDigit } from "../ui/digit.js";
import { fill, make } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { remark, trouble } from "../ui/notice.js";
import { linePlot } from "../ui/plot.js";
import { reportSection } from "../ui/report.js";

const SHOWN = 40;
const SHOWN_LINES = 8;
const POLL_MS = 1000;
const CROPS = [
  [50_000, "50,000 crops"],
  [150_000, "150,000 crops"],
  [400_000, "400,000 crops"],
];
const LIMITS = [
  [1000, "1,000 samples"],
  [10_000, "10,000 samples"],
  [1_000_000, "all of it"],
];

/** @param {import("../app.js").Context} context */
export function open({ main, signal, say }) {
  /** @type {state.Overview} */
  let known = { sets: [], networks: {}, job: null };
  let start = 0;
  let asked = 0;
  /** @type {number | undefined} */
  let timer;
  signal.addEventListener("abort", () => clearTimeout(timer));

  const content = make("div", { class: "lab" }, make("p", { class: "empty" }, "Looking for data sets …"));
  main.append(
    make(
      "div",
      { class: "room-head" },
      make("h1", null, "Lab"),
      make("p", null, "Look into a data set, see how a network reads it, and train a small one to try in Draw at once."),
    ),
    content,
  );
  const sets = select("lab-set", () => changeSet());
  const splits = select("lab-split", () => show(0));
  const networks = select("lab-network", () => show(start));
  const crops = select("lab-crops", () => {});
  const limits = select("lab-limit", () => {});
  const place = make("span", { class: "aside", role: "status" });
  const grid = make("ul", { class: "sample-grid" });
  const back = make("button", { type: "button", class: "button", onclick: () => show(start - size()) }, "Back");
  const forth = make("button", { type: "button", class: "button", onclick: () => show(start + size()) }, "Further");
  const evaluate = make(
    "button",
    { type: "button", class: "button", onclick: () => begin({ kind: "evaluate", split: splits.value, limit: Number(limits.value), network: networks.value }) },
    icon("performance"),
    "Evaluate",
  );
  const train = make(
    "button",
    { type: "button", class: "button", onclick: () => begin({ kind: "train", samples: Number(crops.value) }) },
    icon("play"),
    "Train",
  );
  const about = make("p", { class: "aside" });
  const job = make("div", { class: "lab-job", "aria-live": "off" });
  fill(crops, CROPS.map(([value, name]) => make("option", { value }, String(name))));
  fill(limits, LIMITS.map(([value, name]) => make("option", { value }, String(name))));
  load();

  async function load() {
    try {
      known = await api.lab();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof api.RequestFailed)) throw error;
      fill(content, trouble(error.words, { label: "Try again", act: load }));
      return;
    }
    if (signal.aborted) return;
    if (known.sets.length === 0) {
      fill(content, remark("There is no data set here", "inkread data list says which there are, inkread data fetch mnist gets one."));
      return;
    }
    fill(sets, known.sets.map(({ name }) => make("option", { value: name }, name)));
    refreshNetworks();
    fill(
      content,
      make(
        "section",
        { class: "lab-part", "aria-labelledby": "lab-browse" },
        make("h2", { id: "lab-browse" }, "Data"),
        make("div", { class: "lab-choices" }, labeled("Set", sets), labeled("Part", splits), labeled("Read by", networks)),
        about,
        grid,
        make("div", { class: "toolbar tight" }, back, forth, place),
      ),
      make(
        "section",
        { class: "lab-part", "aria-labelledby": "lab-work" },
        make("h2", { id: "lab-work" }, "Evaluate and train"),
        make(
          "div",
          { class: "lab-choices" },
          labeled("Evaluate on", limits),
          evaluate,
          labeled("Train a small network on", crops),
          train,
        ),
        job,
      ),
    );
    changeSet();
    watch(known.job);
  }

  function chosen() {
    return known.sets.find(({ name }) => name === sets.value) ?? known.sets[0];
  }

  function size() {
    return chosen().form === "lines" ? SHOWN_LINES : SHOWN;
  }

  function changeSet() {
    const { splits: parts, title, use, licence } = chosen();
    const names = Object.keys(parts);
    fill(splits, names.map((name) => make("option", { value: name }, `${name} (${parts[name].toLocaleString("en")})`)));
    splits.value = names.includes("test") ? "test" : names[0];
    const learned = use === "train" ? "The bundled networks learn from its training part." : "The bundled networks never learn from it.";
    fill(about, `${title}. ${licence}. ${learned}`);
    show(0);
  }

  function refreshNetworks() {
    const before = networks.value;
    const names = Object.entries(known.networks).map(([key, name]) =>
      make("option", { value: key }, key === "trained" ? `${name}, trained here` : `${name}, bundled`),
    );
    fill(networks, names);
    networks.value = before in known.networks ? before : "bundled";
  }

  /** @param {number} from */
  async function show(from) {
    start = Math.max(0, from);
    asked += 1;
    const mine = asked;
    refreshTools();
    grid.setAttribute("aria-busy", "true");
    try {
      const wanted = { data: sets.value, split: splits.value, start, count: size(), network: networks.value };
      const shown = await api.labSamples(wanted, signal);
      if (mine !== asked) return;
      back.disabled = start === 0;
      forth.disabled = start + shown.samples.length >= shown.n;
      fill(place, state.placeWords(shown));
      fill(grid, shown.samples.map(card));
    } catch (error) {
      if (signal.aborted || mine !== asked) return;
      if (!(error instanceof api.RequestFailed)) throw error;
      fill(grid, make("li", { class: "wide" }, trouble(error.words, { label: "Try again", act: () => show(start) })));
    }
    grid.removeAttribute("aria-busy");
  }

  /** @param {state.Sample} sample */
  function card(sample) {
    const judged = state.verdict(sample);
    const image = make("img", { src: sample.picture, alt: `Sample ${sample.index}, read as` });
    const text = [
      make("span", { class: "reading" }, sample.reading || "nothing"),
      make(
        "span",
        { class: "label" },
        judged === "right" ? state.shortShare(sample.confidence) : `is ${sample.label}`,
        judged === "right" && make("span", { class: "unseen" }, " sure"),
      ),
    ];
    if (!sample.probabilities) return make("li", { class: `sample-card wide ${judged}` }, image, text);
    return make(
      "li",
      { class: `sample-card ${judged}` },
      make(
        "button",
        {
          type: "button",
          title: "Show its chart",
          onclick: () => {
            const placed = state.chartedDigit(sample, [image.naturalWidth, image.naturalHeight]);
            openDigit(placed, { picture: image, scale: 1 });
          },
        },
        image,
        text,
      ),
    );
  }

  /** @param {Record<string, string | number>} order */
  async function begin(order) {
    evaluate.disabled = train.disabled = true;
    try {
      const begun = await api.beginLabJob({ data: sets.value, ...order });
      watch(begun.job);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof api.RequestFailed)) throw error;
      fill(job, trouble(error.words));
      refreshTools();
    }
  }

  /** @param {state.Job | null} now */
  function watch(now) {
    known = { ...known, job: now };
    refreshTools();
    if (!now) return;
    showJob(now);
    if (now.state === "running") timer = setTimeout(poll, POLL_MS);
  }

  async function poll() {
    try {
      const before = known.job;
      const { job: now } = await api.labJob();
      if (signal.aborted) return;
      if (now && before?.state === "running" && now.state !== "running") await ended(now);
      watch(now);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof api.RequestFailed)) throw error;
      fill(job, trouble(error.words, { label: "Try again", act: poll }));
    }
  }

  /** @param {state.Job} now */
  async function ended(now) {
    say(state.jobWords(now));
    if (now.kind !== "train" || now.state !== "done") return;
    known = { ...known, networks: (await api.lab()).networks };
    refreshNetworks();
    networks.value = "trained";
    show(start);
  }

  function refreshTools() {
    const busy = known.job?.state === "running" || chosen()?.form !== "images";
    evaluate.disabled = train.disabled = busy;
  }

  /** @param {state.Job} now */
  function showJob(now) {
    const { loss, right } = state.jobCurves(now);
    const running = now.state === "running";
    const words = state.jobWords(now);
    fill(
      job,
      now.state === "failed" ? trouble({ title: "The job has failed", text: words }) : make("p", null, words),
      running && make("progress", { max: now.total, value: now.done, "aria-label": words }),
      running &&
        make(
          "button",
          { type: "button", class: "button small", onclick: () => api.cancelLabJob().catch(() => {}) },
          icon("close"),
          "Cancel",
        ),
      now.kind === "train" &&
        loss.length > 1 &&
        make(
          "div",
          { class: "plots" },
          linePlot({ label: "Loss", x: "step", y: "loss", series: [{ name: "loss", points: loss }], from: [0, 0] }),
          right.length > 1 &&
            linePlot({
              label: "On crops held out",
              x: "step",
              y: "right in %",
              series: [{ name: "right", points: right }],
              to: [now.curve[0].steps, 100],
            }),
        ),
      now.kind === "train" &&
        now.state === "done" &&
        make("a", { class: "button primary", href: "/draw?network=trained" }, icon("draw"), "Try it in Draw"),
      now.report && reportSection(now.report, 0),
    );
  }
}

/**
 * @param {string} id
 * @param {() => void} changed
 */
function select(id, changed) {
  return make("select", { id, onchange: changed });
}

/**
 * @param {string} words
 * @param {HTMLSelectElement} chooser
 */
function labeled(words, chooser) {
  return make("label", { class: "field", for: chooser.id }, words, chooser);
}
