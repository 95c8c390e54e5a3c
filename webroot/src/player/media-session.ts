/** The lock screen, the headset and the keyboard's media keys. */
import { sized } from "../components/artwork-image";
import type { Player } from "./player";

const SKIP_SECONDS = 15;
/** Of long tracks, one skips within; of songs, to the next. iOS has room for one pair of buttons only. */
const LONG_SECONDS = 20 * 60;

export function connectMediaSession(player: Player): void {
  if (!("mediaSession" in navigator)) return;
  let shown: string | null = null;
  const show = (): void => {
    const track = player.current;
    if ((track?.id ?? null) !== shown) {
      shown = track?.id ?? null;
      navigator.mediaSession.metadata = metadataOf(player);
      setHandlers(player);
    }
    navigator.mediaSession.playbackState = track ? (player.isPlaying ? "playing" : "paused") : "none";
    showPosition(player);
  };
  player.changes.subscribe(show);
  player.audio.addEventListener("seeked", () => showPosition(player));
  player.audio.addEventListener("ratechange", () => showPosition(player));
  // WebKit forgets the handlers when playback starts.
  player.audio.addEventListener("playing", () => setHandlers(player));
}

function metadataOf(player: Player): MediaMetadata | null {
  const track = player.current;
  if (!track) return null;
  const artwork = track.artwork_url
    ? [{ src: new URL(sized(track.artwork_url, 512), document.baseURI).href, sizes: "512x512" }]
    : [{ src: new URL("static/icons/icon-512.png", document.baseURI).href, sizes: "512x512", type: "image/png" }];
  return new MediaMetadata({
    title: track.title,
    artist: track.artist || track.channel || "",
    album: track.album || track.channel || "",
    artwork,
  });
}

function setHandlers(player: Player): void {
  const isLong = player.duration > LONG_SECONDS;
  const handlers: [MediaSessionAction, MediaSessionActionHandler | null][] = [
    ["play", () => player.play()],
    ["pause", () => player.pause()],
    ["stop", () => player.pause()],
    ["previoustrack", isLong ? null : () => player.previous()],
    ["nexttrack", isLong ? null : () => player.next()],
    ["seekbackward", isLong ? (details) => player.seekBy(-(details.seekOffset ?? SKIP_SECONDS)) : null],
    ["seekforward", isLong ? (details) => player.seekBy(details.seekOffset ?? SKIP_SECONDS) : null],
    ["seekto", (details) => player.seek(details.seekTime ?? 0)],
  ];
  for (const [action, handler] of handlers) {
    try {
      navigator.mediaSession.setActionHandler(action, player.current ? handler : null);
    } catch {
      // This browser does not know the action.
    }
  }
}

function showPosition(player: Player): void {
  const { duration } = player;
  if (!player.current || !(duration > 0)) {
    navigator.mediaSession.setPositionState?.();
    return;
  }
  navigator.mediaSession.setPositionState?.({
    duration,
    position: Math.min(player.position, duration),
    playbackRate: player.audio.playbackRate || 1,
  });
}
