/** The app starts here: theme, words, session, and then the shell draws. */
import { ApiError } from "./api/errors";
import { followUser } from "./offline/start";
import { startPlayer } from "./player/start";
import "./shell/app-shell";
import { boot } from "./shell/boot";
import { followNetwork } from "./shell/connection";
import { followRefusals } from "./shell/confirmation";
import { finishDeparture, followDeparture, forgetLastUser, lastUser } from "./shell/departure";
import { loadLanguage } from "./shell/i18n";
import { followNotices } from "./shell/offline-notices";
import { followPlaylists } from "./shell/playlists";
import { startRouter } from "./shell/router";
import { followAnswers, openSession } from "./shell/session";
import { takeUpTheme } from "./shell/theme";
import { startWorker } from "./shell/worker";

takeUpTheme();
followAnswers();
followNetwork();
followRefusals();
followNotices();
startRouter();

const known = lastUser();
const words = loadLanguage();
Promise.all([words, finishDeparture().then(openSession)])
  .then(() => forgetLastUser(known))
  .then(followUser)
  .then(() => {
    followPlaylists();
    startPlayer();
    followDeparture();
    boot.set("ready");
    return startWorker();
  })
  .catch(async (error: unknown) => {
    if (boot.value === "ready") return console.warn("no service worker:", error);
    // What went wrong is said in the user's language, if there is one.
    await words.catch(() => undefined);
    boot.set(error instanceof ApiError && !error.isUnreachable ? "refused" : "unreachable");
  });
