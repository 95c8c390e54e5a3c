/** The service worker: the app opens without a network. One line a behaviour. */
import { followPage } from "./lifecycle";
import { precacheShell } from "./shell";

precacheShell();
followPage();
