/**
 * The rooms and their addresses. Pure.
 *
 * @typedef {"home" | "draw" | "upload" | "camera" | "live" | "performance" | "lab" | "api" | "login"} Room
 */

/** @type {Record<string, {room: Room, title: string}>} */
const ROOMS = {
  "/": { room: "home", title: "inkread reads handwritten numbers" },
  "/draw": { room: "draw", title: "Draw · inkread" },
  "/upload": { room: "upload", title: "Upload · inkread" },
  "/camera": { room: "camera", title: "Camera · inkread" },
  "/live": { room: "live", title: "Live · inkread" },
  "/performance": { room: "performance", title: "Performance · inkread" },
  "/lab": { room: "lab", title: "Lab · inkread" },
  "/api": { room: "api", title: "API · inkread" },
  "/login": { room: "login", title: "Sign in · inkread" },
};

/**
 * The room at an address, or null.
 *
 * @param {string} path
 * @returns {{room: Room, title: string, path: string} | null}
 */
export function roomAt(path) {
  const plain = path.length > 1 ? path.replace(/\/+$/, "") : path;
  return Object.hasOwn(ROOMS, plain) ? { ...ROOMS[plain], path: plain } : null;
}

/**
 * Where to go after signing in: a room of this page, never another site.
 *
 * @param {string} search the address's query
 * @returns {string}
 */
export function nextAfterLogin(search) {
  const wanted = new URLSearchParams(search).get("next") ?? "/";
  const found = wanted.startsWith("/") && !wanted.startsWith("//") ? roomAt(wanted) : null;
  return found && found.room !== "login" ? found.path : "/";
}

/**
 * Where to sign in and come back from.
 *
 * @param {string} path
 * @returns {string}
 */
export function loginAddress(path) {
  return path === "/" || path === "/login" ? "/login" : `/login?next=${encodeURIComponent(path)}`;
}
