// Collectors that are not there, refuse or hang: claude starts, works and leaves as if nothing were there.

import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { some } from "../support/every.ts";
import { bash, step, text } from "../support/scripting.ts";
import { openStage, PROTOCOLS, type Stage } from "../support/stage.ts";

let stage: Stage;
let collector: { endpoint: string; close(): Promise<void> };
afterEach(async () => {
	await collector.close();
	await stage.close();
});

/** Ten times the second that a collector may cost. */
const DELAY_MAX_MS = 10_000;

async function listening(server: Server, sockets: Set<Socket>) {
	server.on("connection", (socket) => {
		sockets.add(socket);
		socket.on("error", () => {}).on("close", () => sockets.delete(socket));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
	return {
		endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		close: () =>
			new Promise<void>((resolve) => {
				for (const socket of sockets) socket.destroy();
				server.close(() => resolve());
			}),
	};
}

const COLLECTORS = {
	dead: async () => {
		const { endpoint, close } = await listening(createServer(), new Set());
		await close();
		return { endpoint, close: async () => {} };
	},
	hanging: () => listening(createServer(), new Set()),
	busy: () =>
		listening(
			createHttpServer((request, response) => {
				request.resume();
				response.writeHead(503, { "retry-after": "60" }).end("busy");
			}),
			new Set(),
		),
	refusing: () =>
		listening(
			createHttpServer((request, response) => {
				request.resume();
				response.writeHead(401).end();
			}),
			new Set(),
		),
};

const CASES = Object.keys(COLLECTORS).flatMap((kind) =>
	PROTOCOLS.filter((protocol) => protocol !== "http/json" || kind === "dead").map((protocol) => ({
		kind: kind as keyof typeof COLLECTORS,
		protocol,
	})),
);

test.each(some(CASES, 3))(
	"a collector that is $kind ($protocol) neither delays claude nor is told of in a pipe",
	async ({ kind, protocol }) => {
		collector = await COLLECTORS[kind]();
		stage = await openStage({ main: [step(bash("echo 1")), step(text("ok"))] });
		const startedAt = Date.now();
		const run = await stage.print("go", [], {
			env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol },
		});
		const [first, last] = [stage.model.requests[0], stage.model.requests.at(-1)];
		expect(run).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
		expect((first?.startedAt ?? 0) - startedAt).toBeLessThan(DELAY_MAX_MS);
		expect(startedAt + run.wallMs - (last?.endedAt ?? 0)).toBeLessThan(DELAY_MAX_MS);
	},
);
