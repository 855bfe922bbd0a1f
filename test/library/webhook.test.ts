import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { TelemetryEvent } from "../../src/library/events.ts";
import { createHookRouter } from "../../src/library/hook-router.ts";
import { createWebhook } from "../../src/library/webhook.ts";

const servers: Server[] = [];
afterEach(() => {
	for (const server of servers.splice(0)) {
		server.closeAllConnections();
		server.close();
	}
});

/** Answers with what `statuses` gives, in turn; 0: never. */
async function serve(...statuses: number[]): Promise<{ url: string; paths: string[] }> {
	const paths: string[] = [];
	const server = createServer((request, response) => {
		paths.push(request.url ?? "");
		const status = statuses[Math.min(paths.length, statuses.length) - 1] ?? 200;
		if (status > 0) request.resume().on("end", () => response.writeHead(status, { location: "/elsewhere" }).end());
	});
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, paths };
}

const event = { event: "toolCall", runId: "r", traceId: "t", sessionId: "s" } as TelemetryEvent;

test.each([
	[[200], { sent: 3, failed: 0, dropped: 0 }, []],
	[[500], { sent: 0, failed: 3, dropped: 0 }, ["status 500"]],
	[[200, 404, 200], { sent: 2, failed: 1, dropped: 0 }, ["status 404"]],
	// Nobody knows whom it would lead to.
	[[302], { sent: 0, failed: 3, dropped: 0 }, ["TypeError"]],
])("of three events answered with %j the account is %j", async (statuses, stats, reasons) => {
	const { url } = await serve(...statuses);
	const failures: string[] = [];
	const webhook = createWebhook({ url }, (reason) => void failures.push(reason));
	for (let count = 0; count < 3; count++) webhook.send(event);
	await webhook.flush(5_000);
	expect(webhook.stats()).toEqual(stats);
	expect(failures).toHaveLength(stats.failed);
	for (const reason of reasons) expect(failures.join()).toContain(reason);
});

test("where nobody listens the reason is told, without the path, which may hold a key", async () => {
	const failures: string[] = [];
	const webhook = createWebhook({ url: "http://127.0.0.1:9/key-of-mine" }, (reason) => void failures.push(reason));
	webhook.send(event);
	await webhook.flush(5_000);
	expect(failures).toHaveLength(1);
	expect(failures[0]).toContain("http://127.0.0.1:9 did not take an event");
	expect(failures[0]).not.toContain("key-of-mine");
});

test("kinds that nobody asked for are not sent, and of too many the newest are dropped", async () => {
	const { url, paths } = await serve(0);
	const webhook = createWebhook({ url, queueMax: 2 }, () => {});
	webhook.send({ ...event, event: "fact" } as TelemetryEvent);
	for (let count = 0; count < 10; count++) webhook.send(event);
	// One is on its way, two wait.
	expect(webhook.stats()).toEqual({ sent: 0, failed: 0, dropped: 7 });
	await webhook.flush(200);
	expect(webhook.stats()).toMatchObject({ sent: 0, dropped: 9 });
	expect(paths.length).toBeLessThanOrEqual(1);
});

test("after one that took too long the next events are sent all the same", async () => {
	const { url } = await serve(0, 200);
	const webhook = createWebhook({ url, timeoutMs: 100 }, () => {});
	webhook.send(event);
	webhook.send(event);
	await webhook.flush(5_000);
	expect(webhook.stats()).toEqual({ sent: 1, failed: 1, dropped: 0 });
});

test("hooks wait for the first message of their session, and go to the query that it belongs to", () => {
	const router = createHookRouter();
	const taken: string[] = [];
	const hook = (session_id: string, name: string) => router.take({ session_id, hook_event_name: name }, 1);
	hook("a", "early");
	hook("b", "other");
	router.connect("a", ({ hook_event_name: name }) => void taken.push(`a ${name}`));
	hook("a", "late");
	router.connect("b", ({ hook_event_name: name }) => void taken.push(`b ${name}`));
	expect(taken).toEqual(["a early", "a late", "b other"]);
});

test("sessions that never show themselves do not fill the memory", () => {
	const router = createHookRouter();
	const taken: number[] = [];
	for (let session = 0; session < 1_000; session++) {
		for (let hook = 0; hook < 200; hook++) router.take({ session_id: `s${session}` }, hook);
	}
	router.connect("s0", (_payload, at) => void taken.push(at));
	expect(taken).toHaveLength(0);
	router.connect("s999", (_payload, at) => void taken.push(at));
	expect(taken).toHaveLength(100);
});
