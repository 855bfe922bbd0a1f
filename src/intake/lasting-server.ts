// A server that listens for this run → the same, though its listening socket may fail while the session runs: it is opened
// again once, where it was, for claude knows that place alone. After that the run goes on without it and says so.
import type { AddressInfo, ListenOptions, Server } from "node:net";
import { type Door, doorNotes } from "../errors.ts";

/** How often a door that has failed is opened again. */
export const DOOR_RESTARTS_MAX = 1;
/** Errors of accept that cost one connection: the socket listens on. */
const PASSING = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ECONNABORTED", "EPERM", "EPROTO"]);

export interface LastingServerOptions {
	/** For sentences. */
	door: Door;
	/** A fresh one, which does not listen yet. Connections of the one before live on. */
	create(): Server;
	where: ListenOptions;
	/** One sentence for the diagnostics. */
	tell(sentence: string): void;
}

export interface LastingServer {
	/** Undefined for a socket with a path. */
	port?: number;
	/** No connection more; those that are open are not ended. */
	close(): void;
}

/** Rejects where it cannot be opened in the first place. */
export async function openLastingServer(options: LastingServerOptions): Promise<LastingServer> {
	const { door, create, where, tell } = options;
	let current: Server | undefined;
	let restarts = 0;
	const first = await open(where);
	const port = portOf(first);
	const place = port === undefined ? where : { ...where, port };

	return {
		port,
		close() {
			const server = current;
			current = undefined;
			server?.close();
		},
	};

	function open(at: ListenOptions): Promise<Server> {
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
