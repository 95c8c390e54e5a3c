/**
 * What a plugin's page imports, from `../../sdk.js`: the app's own Lit, its API client, its player, its words.
 *
 *     import { LitElement, html, client, t } from "../../sdk.js";
 *
 * Only what stands here is promised to plugins.
 */
export { css, html, LitElement, nothing, svg } from "lit";

export { ApiError } from "./api/errors";
export { addressOf, client } from "./api/plugin-client";
export type * from "./api/types";
export { ask, confirm } from "./components/confirm-dialog";
export { icon } from "./components/icons";
export { offlineStorage } from "./offline/offlineStorage";
export { usePWA } from "./offline/pwa";
export { player } from "./player/player";
export { formatAgo, formatBytes, formatClock, formatDate, formatLength, formatNumber } from "./shell/format";
export { explain, language, t, tryT } from "./shell/i18n";
export { href, navigate, router } from "./shell/router";
export { isOnline } from "./shell/connection";
export { session } from "./shell/session";
export { Store, Watch } from "./shell/store";
export { attempt, toast, toastError } from "./shell/toasts";
export { menus } from "./styles/menus";
export { base, buttons, fields, shared, surfaces } from "./styles/shared";
