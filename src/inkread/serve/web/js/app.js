/**
 * The shell: which room is open, who is signed in, light or dark. Rooms are fetched when they are first opened.
 *
 * @typedef {{main: HTMLElement, signal: AbortSignal, go: (path: string) => void, say: (text: string) => void,
 *   refreshSession: () => Promise<void>, session: () => import("./api.js").Session}} Context  what a room is given
 */
import * as api from "./api.js";
import { loginAddress, roomAt } from "./state/routes.js";
import { byId, fill, make } from "./ui/dom.js";
import { icon } from "./ui/icons.js";
import { trouble } from "./ui/notice.js";

const main = byId("room");
/** @type {api.Session} */
let session = { accounts: false, user: null, csrf: null };
let leaving = new AbortController();
/** The address of the room that is open. */
let opened = "";
const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

for (const link of document.querySelectorAll("[data-icon]")) {
  link.prepend(icon(/** @type {any} */ (link.getAttribute("data-icon"))));
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target || link.download || link.origin !== location.origin || link.hash) return;
  if (!roomAt(link.pathname)) return;
  event.preventDefault();
  go(link.pathname + link.search);
});
// A link to a place in the room pops a state too, and the room stays as it is.
window.addEventListener("popstate", () => {
  if (address() !== opened) open(true);
});
api.whenSignedOut(() => {
  session = { ...session, user: null, csrf: null };
  if (location.pathname !== "/login") go(loginAddress(location.pathname));
});
start();

async function start() {
  try {
    session = await api.session();
  } catch (error) {
    if (!(error instanceof api.RequestFailed)) throw error;
    fill(main, trouble(error.words, { label: "Try again", act: start }));
    return;
  }
  await open(false);
}

function address() {
  return location.pathname + location.search;
}

/** @param {string} path */
function go(path) {
  if (path !== address()) history.pushState(null, "", path);
  open(true);
}

/** @param {boolean} moved whether somebody came here from another room */
async function open(moved) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  let found = roomAt(location.pathname) ?? { room: "home", title: "inkread", path: "/" };
  if (session.accounts && !session.user && found.room !== "login") {
    history.replaceState(null, "", loginAddress(found.path));
    found = roomAt("/login") ?? found;
  }
  opened = address();
  document.title = found.title;
  document.body.dataset.room = found.room;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === found.path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  showTools();
  try {
    const room = await import(`./rooms/${found.room}.js`);
    if (signal.aborted) return;
    fill(main);
    room.open(
      /** @type {Context} */ ({
        main,
        signal,
        go,
        say: (text) => fill(byId("status"), text),
        refreshSession,
        session: () => session,
      }),
    );
  } catch (error) {
    if (signal.aborted) return;
    // A room that cannot be fetched: the network went away after the page came.
    if (!(error instanceof TypeError)) throw error;
    fill(
      main,
      trouble(new api.RequestFailed({ status: 0, code: "Offline" }).words, {
        label: "Try again",
        act: () => location.reload(),
      }),
    );
  }
  if (moved) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
}

async function refreshSession() {
  session = await api.session();
  showTools();
}

function showTools() {
  const theme = document.documentElement.dataset.theme ?? "auto";
  const icons = /** @type {const} */ ({ auto: "auto", light: "sun", dark: "moon" });
  const names = { auto: "as the device", light: "light", dark: "dark" };
  const known = /** @type {keyof typeof names} */ (theme);
  fill(
    byId("tools"),
    session.user &&
      make(
        "button",
        {
          type: "button",
          class: "button plain icon-only",
          "aria-label": `Sign out ${session.user.name}`,
          title: `Sign out ${session.user.name}`,
          onclick: leave,
        },
        icon("leave"),
      ),
    make(
      "button",
      {
        type: "button",
        id: "theme",
        class: "button plain icon-only",
        "aria-label": `Colors: ${names[known]}. Change`,
        title: `Colors: ${names[known]}`,
        onclick: changeTheme,
      },
      icon(icons[known]),
    ),
  );
}

function changeTheme() {
  const root = document.documentElement;
  const current = /** @type {typeof THEMES[number]} */ (root.dataset.theme ?? "auto");
  const next = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length];
  if (next === "auto") {
    delete root.dataset.theme;
    localStorage.removeItem("inkread-theme");
  } else {
    root.dataset.theme = next;
    localStorage.setItem("inkread-theme", next);
  }
  showTools();
  byId("theme").focus();
  window.dispatchEvent(new Event("themechange"));
}

async function leave() {
  await api.signOut();
  session = await api.session();
  go("/login");
}
