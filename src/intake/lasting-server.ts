// A server that listens for this run → the same, though its listening socket may fail while the session runs: it is opened
// again once, where it was, for claude knows that place alone. After that the run goes on without it and says so.
import type { AddressInfo, ListenOptions, Server } from "node:net";
import { type Door, doorNotes } from "../errors.ts";

/** How often a door that has failed is opened again. */
export const DOOR_RESTARTS_MAX = 1;
/** Errors of accept that cost one connection: the socket listens on. */
const PASSING = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ECONNABORTED", "EPERM", "EPROTO"]);

/** Where to listen; or a socket that listens already. */
export type Place = ListenOptions | { fd: number };

export interface LastingServerOptions {
	/** For sentences. */
	door: Door;
	/** A fresh one, which does not listen yet. Connections of the one before live on. */
	create(): Server;
	where: Place;
	/** Its place is wanted again: whoever holds it beside us lets it go. */
	beforeAgain?(): Promise<void>;
	/** One sentence for the diagnostics. */
	tell(sentence: string): void;
}

export interface LastingServer {
	/** Undefined for a socket with a path. */
	port?: number;
	/** Of the listening socket, where the system has such numbers and it is open. */
	descriptor(): number | undefined;
	/** No connection more; those that are open are not ended. */
	close(): void;
}

/** Rejects where it cannot be opened in the first place. */
export async function openLastingServer(options: LastingServerOptions): Promise<LastingServer> {
	const { door, create, where, tell } = options;
	let current: Server | undefined;
	let restarts = 0;
	let closed = false;
	const first = await open(where);
	const port = portOf(first);
	const place = port === undefined ? where : { ...where, port };

	return {
		port,
		descriptor: () => current && descriptorOf(current),
		close() {
			closed = true;
			const server = current;
			current = undefined;
			server?.close();
		},
	};

	function open(at: Place): Promise<Server> {
		const server = create();
		current = server;
		return new Promise((resolve, reject) => {
			server.once("error", reject);
			server.listen(at, () => {
				server.off("error", reject);
				// Listened to as long as there is the server: an error that nobody hears would end the session's traces.
				server.on("error", (error) => isPassing(error) || failed(server, reasonOf(error)));
				server.on("close", () => failed(server, "closed"));
				resolve(server);
			});
		});
	}

	function failed(server: Server, reason: string): void {
		if (server !== current) return;
		current = undefined;
		server.close();
		if (restarts++ < DOOR_RESTARTS_MAX) void openAgain(reason);
		else tell(doorNotes.lost(door, reason));
	}

	async function openAgain(reason: string): Promise<void> {
		try {
			if (options.beforeAgain) await options.beforeAgain();
			if (closed) return;
			const again = await open(place);
			if (again === current) tell(doorNotes.restarted(door, reason));
			// The run is over meanwhile.
			else again.close();
		} catch (error) {
			current = undefined;
			tell(doorNotes.lost(door, `${reason}, then ${reasonOf(error)}`));
		}
	}
}

/** Node shows it nowhere else. */
function descriptorOf(server: Server): number | undefined {
	const { _handle: handle } = server as Server & { _handle?: { fd?: number } | null };
	return handle?.fd === undefined || handle.fd < 0 ? undefined : handle.fd;
}

function portOf(server: Server): number | undefined {
	const address: AddressInfo | string | null = server.address();
	return typeof address === "object" ? address?.port : undefined;
}

function isPassing(error: Error): boolean {
	return PASSING.has(reasonOf(error));
}

function reasonOf(error: unknown): string {
	if (typeof error !== "object" || error === null) return String(error);
	if ("code" in error) return String(error.code);
	return error instanceof Error ? error.message : String(error);
}
