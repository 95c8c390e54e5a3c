/** Moving items of a playlist: by buttons, and by dragging a row's handle. */
import { html, type TemplateResult } from "lit";

import { t } from "../shell/i18n";
import { icon } from "./icons";
import type { Line } from "./track-list";

/** Put the item at `from` to the place `to`; calls back with the key of the item that it now follows. */
export type Mover = (from: number, to: number) => void;

const ROW_HEIGHT = 64;

/** What stands before a row: the handle, which only a mouse or a finger needs. */
export function dragHandle(index: number, last: number, move: Mover): TemplateResult {
  return html`<span slot="start" class="handle" aria-hidden="true" title=${t("playlist.drag")} @pointerdown=${start}>
    ${icon("grip", 20)}
  </span>`;

  function start(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    const handle = event.currentTarget as HTMLElement;
    const row = handle.closest<HTMLElement>("li") ?? handle;
    const from = event.clientY + scrollY;
    const offset = (moved: PointerEvent): number => moved.clientY + scrollY - from;
    const drag = (moved: PointerEvent): void => {
      const y = Math.max(-index * ROW_HEIGHT, Math.min(offset(moved), (last - index) * ROW_HEIGHT));
      row.style.setProperty("transform", `translateY(${y}px)`);
    };
    const drop = (moved: PointerEvent): void => {
      handle.removeEventListener("pointermove", drag);
      row.style.removeProperty("transform");
      row.removeAttribute("data-dragged");
      const steps = moved.type === "pointerup" ? Math.round(offset(moved) / ROW_HEIGHT) : 0;
      const to = Math.max(0, Math.min(last, index + steps));
      if (to !== index) move(index, to);
    };
    handle.setPointerCapture(event.pointerId);
    row.setAttribute("data-dragged", "");
    handle.addEventListener("pointermove", drag);
    for (const end of ["pointerup", "pointercancel"] as const) handle.addEventListener(end, drop, { once: true });
  }
}

/** What stands after a row: one up, one down. */
export function moveButtons(line: Line, index: number, last: number, move: Mover): TemplateResult {
  const { title } = line.track;
  const button = (name: "up" | "down", to: number): TemplateResult => {
    const label = t(`queue.${name}`, { title });
    const isEnd = to < 0 || to > last;
    return html`<button
      slot="end"
      class="icon-button step"
      aria-label=${label}
      title=${label}
      aria-disabled=${isEnd}
      @click=${() => isEnd || move(index, to)}
    >
      ${icon(name, 18)}
    </button>`;
  };
  return html`${button("up", index - 1)}${button("down", index + 1)}`;
}
