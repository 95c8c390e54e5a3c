/** The service worker: registered where the browser allows it (https or localhost), renewed when the user agrees. */
import { player } from "../player/player";
import { t } from "./i18n";
import { dismiss, toast, toasts } from "./toasts";

const CHECK_EVERY_MS = 3_600_000;
const REPAIR_WITHIN_MS = 60_000;

export const canWorkOffline = "serviceWorker" in navigator && isSecureContext;

/** unsupported: plain http, or the browser has none. missing: none is registered. waiting: a new one is ready. */
export type WorkerState = "unsupported" | "missing" | "installing" | "waiting" | "running";

let address: ReturnType<typeof makeAddress> | null = null;
let endOffer: (() => void) | null = null;

/** Call once, after the first screen. */
export async function startWorker(): Promise<void> {
  if (!canWorkOffline) return;
  let hadOne = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (hadOne) offer(() => location.reload()); // another tab agreed: this page is of the release before
    hadOne = true;
  });
  const registration = await register();
  setInterval(() => void registration.update().catch(() => undefined), CHECK_EVERY_MS);
}

export async function workerState(): Promise<WorkerState> {
  if (!canWorkOffline) return "unsupported";
  const registration = await navigator.serviceWorker.getRegistration(document.baseURI);
  if (!registration) return "missing";
  if (registration.waiting) return "waiting";
  return registration.active ? "running" : "installing";
}

/**
 * Registers the worker anew and fetches what is missing of the app; what is kept of music stays. Resolves whether the
 * app is whole now, and rejects while the server is away, for then the worker that is there must not be let go.
 */
export async function repairWorker(): Promise<boolean> {
  if (!canWorkOffline) return false;
  const script = await fetch(new URL("service-worker.js", document.baseURI), { cache: "no-store" });
  if (!script.ok) throw new Error(`The server answered ${script.status} for the service worker.`);
  await (await navigator.serviceWorker.getRegistration(document.baseURI))?.unregister();
  const registration = await register();
  await registration.update();
  return isWhole((await navigator.serviceWorker.ready).active);
}

function isWhole(worker: ServiceWorker | null): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, REPAIR_WITHIN_MS, false);
    port1.onmessage = (event: MessageEvent<{ isWhole: boolean }>) => {
      clearTimeout(timer);
      resolve(event.data.isWhole);
    };
    worker?.postMessage({ type: "REPAIR" }, [port2]);
  });
}

async function register(): Promise<ServiceWorkerRegistration> {
  address ??= makeAddress();
  const registration = await navigator.serviceWorker.register(address, { updateViaCache: "none" });
  watch(registration);
  return registration;
}

/** The policy knows one address and refuses every other. */
function makeAddress(): string {
  const address = new URL("service-worker.js", document.baseURI).href;
  const policy = window.trustedTypes?.createPolicy("soundwave", {
    createScriptURL(input) {
      if (input !== address) throw new TypeError("not the service worker's address");
      return input;
    },
  });
  return policy ? policy.createScriptURL(address) : address;
}

function watch(registration: ServiceWorkerRegistration): void {
  if (registration.waiting && navigator.serviceWorker.controller) offerUpdate(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const arriving = registration.installing;
    arriving?.addEventListener("statechange", () => {
      if (arriving.state === "installed" && navigator.serviceWorker.controller) offerUpdate(arriving);
    });
  });
}

function offerUpdate(worker: ServiceWorker): void {
  offer(() => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    worker.postMessage({ type: "SKIP_WAITING" });
  });
}

/** One offer at a time, which says, as long as it stands, what reloading would cost. Nothing stops before somebody agrees. */
function offer(run: () => void): void {
  endOffer?.();
  let shown = show(player.isPlaying);
  const end = player.changes.subscribe(() => {
    if (player.isPlaying === shown.isPlaying || !toasts.value.some(({ id }) => id === shown.id)) return;
    dismiss(shown.id);
    shown = show(player.isPlaying);
  });
  endOffer = () => {
    end();
    dismiss(shown.id);
  };

  function show(isPlaying: boolean): { id: number; isPlaying: boolean } {
    const text = t(isPlaying ? "update.readyWhilePlaying" : "update.ready");
    return { id: toast(text, { stays: true, action: { label: t("update.reload"), run } }), isPlaying };
  }
}
