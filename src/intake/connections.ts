// The connections of the doors: which of them are in the middle of a request, and which have not shown yet that they are
// claude. Strangers never keep claude out, and none of them stays.
import type { Socket } from "node:net";

/** Connections that have shown no token yet; the oldest makes room for a new one, so that they never keep claude out. */
export const HOOK_STRANGERS_MAX = 256;
/** A connection that has sent no whole request head, or no token, after this is closed; claude itself gives up after 1 s. */
export const HOOK_HEAD_TIME_MS = 2_000;

export interface Connections {
	add(socket: Socket): void;
	/** Of the http door, where many may come that have no token; `onClose` when it has gone. */
	addStranger(socket: Socket, onClose: () => void): void;
	/** This is claude: from here on its connection may rest as long as it likes. */
	greet(socket: Socket): void;
	reading(socket: Socket): void;
	/** Its request has been read. */
	rests(socket: Socket): void;
	/** One of them is in the middle of a request. */
	isBusy(): boolean;
	destroy(): void;
}

export function createConnections(): Connections {
	const sockets = new Set<Socket>();
	const reading = new Set<Socket>();
	const strangers = new Set<Socket>();

	function turnAwayOldest(): void {
		const [oldest] = strangers;
		if (oldest === undefined) return;
		strangers.delete(oldest);
		oldest.destroy();
	}

	return {
		add(socket) {
			sockets.add(socket);
			socket.on("close", () => {
				sockets.delete(socket);
				reading.delete(socket);
			});
			// claude ends its connections as it likes; that is no failure of ours.
			socket.on("error", () => socket.destroy());
			socket.setTimeout(HOOK_HEAD_TIME_MS, () => socket.destroy());
		},
		addStranger(socket, onClose) {
			strangers.add(socket);
			// However slowly its bytes come.
			const late = setTimeout(() => strangers.has(socket) && socket.destroy(), HOOK_HEAD_TIME_MS).unref();
			socket.on("close", () => {
				clearTimeout(late);
				strangers.delete(socket);
				onClose();
			});
			if (strangers.size > HOOK_STRANGERS_MAX) turnAwayOldest();
		},
		greet(socket) {
			socket.setTimeout(0);
			strangers.delete(socket);
			reading.add(socket);
		},
		reading: (socket) => void reading.add(socket),
		rests: (socket) => void reading.delete(socket),
		isBusy: () => reading.size > 0,
		destroy() {
			for (const socket of sockets) socket.destroy();
		},
	};
}
