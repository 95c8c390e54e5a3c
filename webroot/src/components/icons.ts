/** Our own icons: 24 × 24, one stroke width, drawn in the colour of the text. Decoration: the label says it. */
import { type SVGTemplateResult, html, svg, type TemplateResult } from "lit";

const SHAPES = {
  account: svg`<circle cx="12" cy="8" r="3.75"/><path d="M4.5 20c.9-3.8 3.8-5.75 7.5-5.75s6.6 1.95 7.5 5.75"/>`,
  add: svg`<path d="M12 5v14M5 12h14"/>`,
  admin: svg`<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>`,
  back: svg`<path d="m14.5 5.5-6.5 6.5 6.5 6.5"/>`,
  channel: svg`<circle cx="12" cy="12" r="1.75"/><path d="M8.1 15.9a5.5 5.5 0 0 1 0-7.8M15.9 8.1a5.5 5.5 0 0 1 0 7.8M5.3 18.7a9.5 9.5 0 0 1 0-13.4M18.7 5.3a9.5 9.5 0 0 1 0 13.4"/>`,
  check: svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
  close: svg`<path d="m6 6 12 12M18 6 6 18"/>`,
  copy: svg`<rect x="9" y="9" width="11" height="11" rx="2.5"/><path d="M5.5 15H5a1.5 1.5 0 0 1-1.5-1.5v-8A2 2 0 0 1 5.5 3.500h8A1.5 1.5 0 0 1 15 5v.5"/>`,
  down: svg`<path d="m5.5 9 6.5 6.500L18.5 9"/>`,
  download: svg`<path d="M12 4v10.500M7.5 10.5 12 15l4.5-4.500M4.5 19.500h15"/>`,
  grip: svg`<path d="M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01" stroke-width="2.5"/>`,
  heart: svg`<path d="M12 19.800C6.4 16 3.5 12.9 3.5 9.300A4.3 4.3 0 0 1 7.8 5c1.7 0 3.2.9 4.2 2.500C13 5.9 14.5 5 16.2 5a4.3 4.3 0 0 1 4.3 4.300c0 3.6-2.9 6.7-8.5 10.500Z"/>`,
  keep: svg`<path d="M12 8v7M9 12.2l3 3 3-3"/><circle cx="12" cy="12" r="8.5"/>`,
  kept: svg`<circle cx="12" cy="12" r="8.5"/><path d="m8.3 12.300 2.600 2.600 4.800-5.100"/>`,
  history: svg`<path d="M4.500 12a7.500 7.500 0 1 0 2.300-5.400M4.500 4v4h4M12 8v4.500l3 1.800"/>`,
  key: svg`<circle cx="8" cy="15.500" r="4"/><path d="m11 12.500 8.500-8.500M16 7.500l3 3M13.500 10l1.800 1.800"/>`,
  library: svg`<path d="M4.5 4.500v15M9 4.500v15"/><path d="m13 5.3 3.9-.9 3.3 14.3-3.9.9z"/>`,
  link: svg`<path d="M10 14a4 4 0 0 0 5.7 0l3.1-3.100a4 4 0 0 0-5.7-5.700l-1 1M14 10a4 4 0 0 0-5.7 0l-3.1 3.100a4 4 0 0 0 5.7 5.700l1-1"/>`,
  lock: svg`<rect x="5" y="10.5" width="14" height="9.500" rx="2.5"/><path d="M8 10.500V8a4 4 0 0 1 8 0v2.500"/>`,
  logout: svg`<path d="M10 4.500H6.500a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2H10M15 8l4 4-4 4M19 12H9.5"/>`,
  lyrics: svg`<path d="M4 6h16M4 11h10M4 16h6"/><path d="M17 18.500v-7l3.500 1.500"/><circle cx="15.250" cy="18.500" r="1.750"/>`,
  more: svg`<path d="M5 12h.01M12 12h.01M19 12h.01" stroke-width="3"/>`,
  next: svg`<path d="M6 5.500v13l9.5-6.500z" fill="currentColor"/><path d="M18.5 5.500v13"/>`,
  offline: svg`<path d="M4 4l16 16M8.2 15.800a5.4 5.4 0 0 1 5.5-1.300M5 12.600a10 10 0 0 1 4-2.400M14.5 10.200a10 10 0 0 1 4.5 2.400M12 19h.01"/>`,
  pause: svg`<path d="M8.5 5.500v13M15.5 5.500v13" stroke-width="3"/>`,
  pencil: svg`<path d="m14.5 5.5 4 4L8 20H4v-4z"/>`,
  play: svg`<path d="M7.5 4.800v14.400L19 12z" fill="currentColor"/>`,
  playlist: svg`<path d="M4 6.500h16M4 12h9M4 17.500h6"/><path d="M16 13v7l5-3.500z" fill="currentColor" stroke-width="1.2"/>`,
  pin: svg`<path d="M9 4h6l-.8 6 3.300 3.500h-11L9.800 10zM12 13.500V20"/>`,
  plugin: svg`<path d="M9 4v4M15 4v4M6.5 8h11v4a5.5 5.5 0 0 1-11 0zM12 17.500V21"/>`,
  previous: svg`<path d="M18 5.500v13L8.5 12z" fill="currentColor"/><path d="M5.5 5.500v13"/>`,
  queue: svg`<path d="M4 6h16M4 11h16M4 16h8M4 21h8" transform="translate(0 -1.5)"/><path d="M18.5 13v6M15.5 16h6"/>`,
  repeat: svg`<path d="m16.5 3.5 3 3-3 3M19 6.500H8A3.5 3.5 0 0 0 4.5 10v1M7.5 20.500l-3-3 3-3M5 17.500h11a3.5 3.5 0 0 0 3.5-3.500v-1"/>`,
  repeatOne: svg`<path d="m16.5 3.5 3 3-3 3M19 6.500H8A3.5 3.5 0 0 0 4.5 10v1M7.5 20.500l-3-3 3-3M5 17.500h11a3.5 3.5 0 0 0 3.5-3.500v-1M11 10.800l1.5-.8v4"/>`,
  retry: svg`<path d="M19.5 12a7.5 7.5 0 1 1-2.3-5.400M19.5 4v4h-4"/>`,
  search: svg`<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5 5"/>`,
  shuffle: svg`<path d="M3.5 7h3c5 0 6 10 11 10H20M3.5 17h3c1.9 0 3.2-1.4 4.2-3.100M13.3 10.100C14.3 8.4 15.6 7 17.5 7H20M17.5 4.5 20 7l-2.5 2.500M17.5 14.5 20 17l-2.5 2.5"/>`,
  speed: svg`<path d="M5 18a8.5 8.5 0 1 1 14 0M12 14l4-4.5"/><circle cx="12" cy="14" r="1.2"/>`,
  trash: svg`<path d="M4.5 6.500h15M9.5 6.500V4h5v2.500M6.5 6.500l.8 13h9.400l.8-13M10 10.500v5.500M14 10.500v5.5"/>`,
  up: svg`<path d="m5.5 15 6.5-6.5 6.5 6.5"/>`,
  upload: svg`<path d="M12 15V4.500M7.500 9 12 4.500 16.500 9M4.5 19.500h15"/>`,
  volume: svg`<path d="M4 9.500v5h3.500L12 18.500v-13L7.5 9.500z" fill="currentColor"/><path d="M15.5 9a4 4 0 0 1 0 6M18 6.500a7.7 7.7 0 0 1 0 11"/>`,
  muted: svg`<path d="M4 9.500v5h3.500L12 18.500v-13L7.5 9.500z" fill="currentColor"/><path d="m16 9.5 5 5M21 9.500l-5 5"/>`,
  warning: svg`<path d="M12 4 2.8 19.500h18.400zM12 10v4.500M12 17.200h.01"/>`,
} as const satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof SHAPES;

/** An icon of `size` pixels; filled where the thing is on (a favourite's heart). */
export function icon(name: IconName, size = 22, isFilled = false): TemplateResult {
  return html`<svg
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill=${isFilled ? "currentColor" : "none"}
    stroke="currentColor"
    stroke-width="1.8"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    ${SHAPES[name]}
  </svg>`;
}

/** The icon that a page asks for; a plugin may name one of ours. */
export function pageIcon(name: string | null, size = 22): TemplateResult {
  const shape = name === "playlists" ? "playlist" : name;
  return icon(shape !== null && shape in SHAPES ? (shape as IconName) : "plugin", size);
}

/** The mark, as in icons/icon.svg. */
export function logo(size = 30): TemplateResult {
  return html`<svg width=${size} height=${size} viewBox="0 0 512 512" aria-hidden="true" focusable="false">
    <rect width="512" height="512" rx="128" fill="#14161c" />
    <g stroke="#6fd3c1" stroke-width="40" stroke-linecap="round">
      <path d="M96 224v64M160 176v160M224 112v288M352 144v224M416 216v80" />
      <path d="M288 192v128" stroke="#f4f1ea" />
    </g>
  </svg>`;
}
