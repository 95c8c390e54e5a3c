/** Between the tabs of one app and its worker, on this device alone. */
import { channelName } from "./names";

/** changed: something in the user's database, by the names of its stores. wiped: nothing of this user is left. */
export type Message =
  | { type: "changed"; user: string; stores: readonly string[] }
  | { type: "progress"; user: string; playlist: string; storedBytes: number; storedItems: number }
  | { type: "wiped"; user: string };

export interface Channel {
  /** To the others and, unlike a bare BroadcastChannel, to who listens here as well; once closed, to nobody. */
  post(message: Message): void;
  listen(listener: (message: Message) => void): () => void;
  close(): void;
}

export function openChannel(base: string): Channel {
  const wire = new BroadcastChannel(channelName(base));
  const listeners = new Set<(message: Message) => void>();
  let isClosed = false;
  const tell = (message: Message): void => {
    for (const listener of [...listeners]) listener(message);
  };
  wire.onmessage = (event: MessageEvent<Message>) => tell(event.data);
  return {
    post(message) {
      if (isClosed) return;
      wire.postMessage(message);
      tell(message);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      isClosed = true;
      wire.close();
    },
  };
}
