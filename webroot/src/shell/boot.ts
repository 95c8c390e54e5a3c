/** How far the start has come; the shell shows it. */
import { Store } from "./store";

export type Boot = "starting" | "ready" | "unreachable" | "refused";

export const boot = new Store<Boot>("starting");
