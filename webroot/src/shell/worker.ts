/** The service worker: registered where the browser allows it (https or localhost), renewed when the user agrees. */
import { t } from "./i18n";
import { toast } from "./toasts";

const CHECK_EVERY_MS = 3_600_000;

export const canWorkOffline = "serviceWorker" in navigator && isSecureContext;

/** Call once, after the first screen. */
export async function startWorker(): Promise<void> {
  if (!canWorkOffline) return;
  const registration = await navigator.serviceWorker.register(workerAddress(), { updateViaCache: "none" });
  watch(registration);
  setInterval(() => void registration.update().catch(() => undefined), CHECK_EVERY_MS);
}

/** The policy knows one address and refuses every other. */
function workerAddress(): string {
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
  if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const arriving = registration.installing;
    arriving?.addEventListener("statechange", () => {
      if (arriving.state === "installed" && navigator.serviceWorker.controller) offer(arriving);
    });
  });
}

function offer(worker: ServiceWorker): void {
  toast(t("update.ready"), {
    stays: true,
    action: {
      label: t("update.reload"),
      run() {
        navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
        worker.postMessage({ type: "SKIP_WAITING" });
      },
    },
  });
}
