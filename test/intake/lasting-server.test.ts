// A listening socket that fails while a session runs. The failure is made as the kernel would tell it: an error of accept,
// or a socket that is closed though nobody asked for it.
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer, type ListenOptions, Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { openHookServer } from "../../src/intake/hook-server.ts";
import { DOOR_RESTARTS_MAX, type LastingServer, openLastingServer } from "../../src/intake/lasting-server.ts";
import { TOKEN_HEADER } from "../../src/intake/run-token.ts";
import { until } from "../support/run.ts";

const LOOPBACK: ListenOptions = { host: "127.0.0.1", port: 0 };
const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).toReversed()) await close();
});

async function open(where = LOOPBACK, beforeAgain?: () => Promise<void>) {
	const made: Server[] = [];
	const told: string[] = [];
	const accepted: Socket[] = [];
	const server = await openLastingServer({
		door: "http",
		create() {
			const fresh = createServer((socket) => {
				accepted.push(socket.on("error", () => {}));
				socket.pipe(socket);
			});
			made.push(fresh);
			return fresh;
		},
		where,
		tell: (sentence) => told.push(sentence),
		beforeAgain,
	});
	closers.push(() => {
		server.close();
		for (const socket of accepted) socket.destroy();
	});
	return { server, made, told };
}

/** What comes back, or the reason why nothing does. */
function echo(place: { port: number } | { path: string }): Promise<string> {
	return new Promise((resolve) => {
		const socket = connect(place, () => socket.write("hello"));
		socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
		socket.once("data", (data: Buffer) => {
			resolve(data.toString());
			socket.destroy();
		});
	});
}

const at = ({ port }: LastingServer) => ({ port: port ?? 0 });
const broken = (code: string) => Object.assign(new Error(`accept ${code}`), { code });

test.each([
	["is closed", (server: Server) => void server.close(), "closed"],
	["has an error", (server: Server) => void server.emit("error", broken("EBADF")), "EBADF"],
])("a socket that %s is opened again on its port, and that is told", async (_what, fail, reason) => {
	const { server, made, told } = await open();
	const { port } = server;
	fail(made[0] as Server);
	await until("it is told", () => told.length === 1);
	expect(await echo(at(server))).toBe("hello");
	expect(server.port).toBe(port);
	expect(made).toHaveLength(2);
	expect(told).toEqual([
		`The loopback port for hooks and Claude Code's own telemetry failed (${reason}) and was opened again: what claude sent meanwhile may be missing.`,
	]);
});

test("whoever holds its socket too lets it go before it is opened again", async () => {
	const gone = Promise.withResolvers<void>();
	const { server, made, told } = await open(LOOPBACK, () => gone.promise);
	expect(server.descriptor()).toBeGreaterThan(2);
	made[0]?.emit("error", broken("EBADF"));
	await new Promise((resolve) => setTimeout(resolve, 20));
	expect(made).toHaveLength(1);
	gone.resolve();
	await until("it is told", () => told.length === 1);
	expect(await echo(at(server))).toBe("hello");
});

test("when it fails again the run goes on without it and says so, once", async () => {
	const { server, made, told } = await open();
	for (let number = 0; number <= DOOR_RESTARTS_MAX; number++) {
		made.at(-1)?.emit("error", broken("EINVAL"));
		await until("it is told", () => told.length === number + 1);
	}
	made.at(-1)?.emit("error", broken("EINVAL"));
	made.at(0)?.emit("error", broken("EINVAL"));
	expect(made).toHaveLength(1 + DOOR_RESTARTS_MAX);
	expect(told.slice(DOOR_RESTARTS_MAX)).toEqual([
		"The loopback port for hooks and Claude Code's own telemetry failed (EINVAL) and stays closed: what claude would send there is missing from now on, start claude anew to have it back.",
	]);
	expect(await echo(at(server))).toBe("ECONNREFUSED");
});

test("where its port is taken meanwhile it stays closed, and whoever has the port keeps it", async () => {
	const { server, made, told } = await open();
	const first = made[0] as Server;
	// In the moment between the two: whoever listens to the failure first.
	const other = createServer((socket) => socket.end("other"));
	closers.push(() => void other.close());
	first.prependListener("error", () => {
		first.close();
		other.listen({ host: "127.0.0.1", port: server.port });
	});
	first.emit("error", broken("EBADF"));
	await until("it is told", () => told.length === 1);
	expect(told[0]).toContain("failed (EBADF, then EADDRINUSE) and stays closed");
	expect(await echo(at(server))).toBe("other");
	expect(made).toHaveLength(2);
});

test.each(["EMFILE", "ENFILE", "ECONNABORTED"])(
	"%s costs the one connection: the socket listens on, and nothing is opened again",
	async (code) => {
		const { server, made, told } = await open();
		for (let number = 0; number < 10; number++) made[0]?.emit("error", broken(code));
		expect(await echo(at(server))).toBe("hello");
		expect(made).toHaveLength(1);
		expect(told).toEqual([]);
	},
);

test("connections that are open live on", async () => {
	const { server, made, told } = await open();
	const socket = connect(at(server));
	closers.push(() => void socket.destroy());
	let heard = "";
	socket.on("data", (data: Buffer) => {
		heard += data.toString();
	});
	socket.write("before ");
	await until("the first words", () => heard === "before ");
	made[0]?.emit("error", broken("EBADF"));
	await until("it is told", () => told.length === 1);
	socket.write("after");
	await until("the last words", () => heard.endsWith("after"));
	expect(heard).toBe("before after");
});

test("one that we close is neither opened again nor told, also in the midst of being opened again", async () => {
	const { server, made, told } = await open();
	const other = await open();
	other.made[0]?.emit("error", broken("EBADF"));
	server.close();
	other.server.close();
	await new Promise((resolve) => setTimeout(resolve, 50));
	expect([await echo(at(server)), await echo(at(other.server))]).toEqual(["ECONNREFUSED", "ECONNREFUSED"]);
	expect([made.length, other.made.length]).toEqual([1, 2]);
	expect([told, other.told]).toEqual([[], []]);
});

test("one with a path is opened again at its path", async () => {
	const folder = mkdtempSync(join(tmpdir(), "lasting-"));
	closers.push(() => rmSync(folder, { recursive: true, force: true }));
	const path = process.platform === "win32" ? `\\\\.\\pipe\\${folder.replaceAll("\\", "-")}` : join(folder, "s.sock");
	const { made, told } = await open({ path });
	made[0]?.emit("error", broken("EBADF"));
	await until("it is told", () => told.length === 1);
	expect(await echo({ path })).toBe("hello");
});

test("what cannot be opened in the first place is the caller's to know", async () => {
	const { server } = await open();
	expect.assertions(1);
	await expect(open({ host: "127.0.0.1", port: server.port ?? 0 })).rejects.toThrow("EADDRINUSE");
});

test("hooks and telemetry reach the hook server again after its socket has failed, and no more after the second time", async ({
	onTestFinished,
}) => {
	const spied = vi.spyOn(Server.prototype, "listen");
	onTestFinished(() => spied.mockRestore());
	const came: string[] = [];
	const told: string[] = [];
	const hooks = await openHookServer({
		token: "the-token",
		http: true,
		onHook: ({ json }) => void came.push(String(json.hook_event_name)),
		onOtlp: ({ signal }) => came.push(signal),
		tell: (sentence) => told.push(sentence),
	});
	closers.push(() => hooks.close());
	// Each over a connection of its own: those that are open would live on.
	const post = (url: string, body: object): Promise<unknown> => {
		const headers = { [TOKEN_HEADER]: "the-token", "content-type": "application/json" };
		return new Promise((resolve) => {
			const sent = request(url, { method: "POST", headers, agent: false }, (answer) => {
				answer.resume().on("end", () => resolve(answer.statusCode));
			});
			sent.on("error", (error: NodeJS.ErrnoException) => resolve(error.code)).end(JSON.stringify(body));
		});
	};
	const both = async () => [
		await post(hooks.url ?? "", { hook_event_name: "Stop" }),
		await post(`${hooks.otlpUrl}/v1/logs`, { resourceLogs: [] }),
	];
	expect(await both()).toEqual([200, 200]);

	const fail = () => (spied.mock.contexts as Server[]).at(-1)?.emit("error", broken("EBADF"));
	fail();
	await until("it is told", () => told.length === 1);
	expect(await both()).toEqual([200, 200]);
	await until("both have come twice", () => came.length === 4);
	expect(came).toEqual(["Stop", "logs", "Stop", "logs"]);
	expect(told[0]).toContain("was opened again");

	fail();
	await until("it is told", () => told.length === 2);
	expect(told[1]).toContain("stays closed");
	expect(await both()).toEqual(["ECONNREFUSED", "ECONNREFUSED"]);
	expect(hooks.counts).toMatchObject({ bodies: 2, refused: 0 });
	expect(hooks.otlpCounts).toMatchObject({ taken: 2 });
});
