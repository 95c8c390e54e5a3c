/** The app starts here: theme, words, session, and then the shell draws. */
import { ApiError } from "./api/errors";
import { startPlayer } from "./player/start";
import "./shell/app-shell";
import { boot } from "./shell/boot";
import { loadLanguage } from "./shell/i18n";
import { startRouter } from "./shell/router";
import { followAnswers, loadSession } from "./shell/session";
import { applyTheme } from "./shell/theme";
import { startWorker } from "./shell/worker";

applyTheme();
followAnswers();
startRouter();

Promise.all([loadLanguage(), loadSession()])
  .then(() => {
    startPlayer();
    boot.set("ready");
    return startWorker();
  })
  .catch((error: unknown) => {
    if (boot.value === "ready") console.warn("no service worker:", error);
    else boot.set(error instanceof ApiError && !error.isUnreachable ? "refused" : "unreachable");
  });
