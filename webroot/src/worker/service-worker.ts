/** The service worker: the app opens and plays without a network. One line a behaviour. */
import { followAddresses } from "./addresses";
import { serveDocuments } from "./documents";
import { followFetches } from "./fetches";
import { serveKept } from "./kept";
import { followPage } from "./lifecycle";
import { precacheShell } from "./shell";
import { syncInBackground } from "./sync";

const shell = precacheShell();
serveKept();
serveDocuments();
followAddresses();
followFetches();
syncInBackground();
followPage(shell);
