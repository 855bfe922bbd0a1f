// A power cut takes what the system has not written out yet. Comes in: that something was committed. Goes out: at most a
// second later the write-ahead log lies on the disk; nobody waits for it.
import { close, fdatasync, open } from "node:fs";

/** What a power cut can cost, in milliseconds; the death of a process costs nothing. */
export const FLUSH_WITHIN_MS = 1_000;

export interface Flusher {
	soon(): void;
	close(): void;
}

export function createFlusher(path: string): Flusher {
	let timer: NodeJS.Timeout | undefined;

	function flush(): void {
		timer = undefined;
		open(`${path}-wal`, "r+", (error, descriptor) => {
			if (error) return;
			fdatasync(descriptor, () => close(descriptor, () => {}));
		});
	}

	return {
		soon() {
			timer ??= setTimeout(flush, FLUSH_WITHIN_MS).unref();
		},
		close() {
			clearTimeout(timer);
		},
	};
}
