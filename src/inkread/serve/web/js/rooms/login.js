/** The room in which people sign in. */
import * as api from "../api.js";
import { nextAfterLogin } from "../state/routes.js";
import { fill, make } from "../ui/dom.js";
import { trouble } from "../ui/notice.js";

/** @param {import("../app.js").Context} context */
export function open({ main, go, refreshSession, session }) {
  const { accounts, user } = session();
  if (!accounts) {
    main.append(
      make(
        "div",
        { class: "room-head" },
        make("h1", null, "Nobody needs to sign in here"),
        make("p", null, "Accounts are switched off on this server."),
      ),
      make("a", { class: "button primary", href: "/" }, "Go to Home"),
    );
    return;
  }
  if (user) return go(nextAfterLogin(location.search));
  const name = make("input", {
    type: "text",
    id: "name",
    autocomplete: "username",
    required: true,
    autocapitalize: "none",
    spellcheck: "false",
  });
  const password = make("input", {
    type: "password",
    id: "password",
    autocomplete: "current-password",
    required: true,
  });
  const button = make("button", { type: "submit", class: "button primary" }, "Sign in");
  const notices = make("div", { class: "notices" });
  main.append(
    make(
      "form",
      { class: "login", onsubmit: submit },
      make("h1", null, "Sign in"),
      notices,
      make("label", { class: "field", for: "name" }, "Name", name),
      make("label", { class: "field", for: "password" }, "Password", password),
      button,
    ),
  );
  name.focus();

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    try {
      await api.signIn(name.value, password.value);
      await refreshSession();
      go(nextAfterLogin(location.search));
    } catch (error) {
      if (!(error instanceof api.RequestFailed)) throw error;
      fill(notices, trouble(error.words));
      password.value = "";
      password.focus();
    } finally {
      button.disabled = false;
    }
  }
}
