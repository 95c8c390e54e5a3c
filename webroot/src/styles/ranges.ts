/** Native ranges (seek, volume): a thin line with its part filled, in a tall hit area. `--done` is the filled part. */
import { css } from "lit";

export const ranges = css`
  input[type="range"] {
    appearance: none;
    display: block;
    inline-size: 100%;
    block-size: 28px;
    margin: 0;
    background: transparent;
    cursor: pointer;
    touch-action: none;
    border-radius: 4px;
  }
  input[type="range"]:disabled {
    cursor: default;
    opacity: 0.5;
  }
  input[type="range"]::-webkit-slider-runnable-track {
    block-size: 4px;
    border-radius: 2px;
    background: linear-gradient(to right, var(--accent) var(--done, 0%), var(--track, var(--surface-3)) var(--done, 0%));
  }
  input[type="range"]::-moz-range-track {
    block-size: 4px;
    border-radius: 2px;
    background: var(--track, var(--surface-3));
  }
  input[type="range"]::-moz-range-progress {
    block-size: 4px;
    border-radius: 2px;
    background: var(--accent);
  }
  input[type="range"]::-webkit-slider-thumb {
    appearance: none;
    inline-size: 14px;
    block-size: 14px;
    margin-block-start: -5px;
    border-radius: 50%;
    background: var(--accent);
    box-shadow: var(--shadow-1);
    transition: transform var(--quick);
  }
  input[type="range"]::-moz-range-thumb {
    inline-size: 14px;
    block-size: 14px;
    border: 0;
    border-radius: 50%;
    background: var(--accent);
  }
  input[type="range"]:active::-webkit-slider-thumb {
    transform: scale(1.25);
  }
  @media (pointer: coarse) {
    input[type="range"] {
      block-size: 44px;
    }
  }
`;
