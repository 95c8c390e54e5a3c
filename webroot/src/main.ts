/** The app starts here: theme, words, session, and then the shell draws. */
import { ApiError } from "./api/errors";
import { startPlayer } from "./player/start";
import "./shell/app-shell";
import { boot } from "./shell/boot";
import { followRefusals } from "./shell/confirmation";
import { followDeparture, forgetLastUser, lastUser } from "./shell/departure";
import { loadLanguage } from "./shell/i18n";
import { startRouter } from "./shell/router";
import { followAnswers, loadSession } from "./shell/session";
import { takeUpTheme } from "./shell/theme";
import { startWorker } from "./shell/worker";

takeUpTheme();
followAnswers();
followRefusals();
startRouter();

const known = lastUser();
Promise.all([loadLanguage(), loadSession()])
  .then(() => forgetLastUser(known))
  .then(() => {
    startPlayer();
    followDeparture();
    boot.set("ready");
    return startWorker();
  })
  .catch((error: unknown) => {
    if (boot.value === "ready") console.warn("no service worker:", error);
    else boot.set(error instanceof ApiError && !error.isUnreachable ? "refused" : "unreachable");
  });
