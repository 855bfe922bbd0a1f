import { afterEach, describe, expect, test } from "vitest";
import { proxyFor } from "../../src/sinks/proxy.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHttp, startProxy, unusedAddress } from "./collectors.ts";
import { emitOne, openSinks } from "./open.ts";

const PROXIES = { http: "http://proxy:3128", https: "http://secure-proxy:3128", none: "" };

describe("which proxy an address gets", () => {
	test("http and https have their own, gRPC takes its own first and then any", () => {
		expect(proxyFor("http://collector:4318", "http/protobuf", PROXIES)).toBe("http://proxy:3128");
		expect(proxyFor("https://collector:4318", "http/json", PROXIES)).toBe("http://secure-proxy:3128");
		expect(proxyFor("http://collector:4317", "grpc", PROXIES)).toBe("http://secure-proxy:3128");
		expect(proxyFor("http://collector:4317", "grpc", { ...PROXIES, grpc: "grpc-proxy:1" })).toBe("http://grpc-proxy:1");
		expect(proxyFor("https://collector", "http/json", { http: "http://proxy:3128", none: "" })).toBeUndefined();
	});

	test.each([
		"http://localhost:4318",
		"http://127.0.0.1:4318",
		"http://127.8.8.8",
		"http://[::1]:4318",
		"http://a.localhost",
	])("loopback is reached directly: %s", (url) => {
		expect(proxyFor(url, "http/protobuf", PROXIES)).toBeUndefined();
	});

	test.each([
		["*", true],
		["collector.example.com", true],
		["COLLECTOR.example.com", true],
		["example.com", true],
		[".example.com", true],
		["*.example.com", true],
		["other.com, example.com", true],
		["example.com:4318", true],
		["example.com:9999", false],
		["ample.com", false],
		["other.com", false],
		["10.0.0.0/8", false],
		["", false],
	])("NO_PROXY=%s keeps collector.example.com:4318 direct: %s", (none, direct) => {
		expect(proxyFor("http://collector.example.com:4318", "http/json", { ...PROXIES, none }) === undefined).toBe(direct);
	});

	test.each([
		["10.1.2.3", "10.0.0.0/8", true],
		["10.1.2.3", "10.1.2.3", true],
		["10.1.2.3", "2.3", false],
		["11.1.2.3", "10.0.0.0/8", false],
		["11.1.2.3", "10.0.0.0/nonsense", false],
		["[fd00::7]", "fd00::/8", true],
		["[fd00::7]", "fd00::7", true],
		["[fe00::7]", "fd00::/8", false],
	])("the address %s with NO_PROXY=%s is direct: %s", (host, none, direct) => {
		expect(proxyFor(`http://${host}:4318`, "http/json", { ...PROXIES, none }) === undefined).toBe(direct);
	});
});

describe.each(["grpc", "http/protobuf", "http/json"])("over %s", (protocol) => {
	const ends: (() => Promise<void>)[] = [];
	afterEach(async () => {
		for (const end of ends.splice(0)) await end();
		delete process.env["grpc_proxy"];
		delete process.env["no_grpc_proxy"];
	});
	const start = async () => {
		const receiver: Receiver = await startReceiver();
		const to = new URL(protocol === "grpc" ? receiver.grpc : receiver.http);
		const proxy = await startProxy(Number(to.port));
		ends.push(() => receiver.close(), proxy.close);
		return { receiver, proxy, direct: to.origin };
	};

	test("a collector elsewhere is reached through the proxy", async () => {
		const { receiver, proxy } = await start();
		const sinks = await openSinks({
			OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.example:4999",
			OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
			HTTP_PROXY: proxy.url,
			NO_PROXY: "other.example",
		});
		emitOne(sinks);
		expect((await sinks.shutdown(10_000)).line).toBeUndefined();
		expect([receiver.spans.length, receiver.metrics.length, receiver.logs.length]).toEqual([1, 1, 1]);
		const asked =
			protocol === "grpc" ? "CONNECT collector.example:4999" : "POST http://collector.example:4999/v1/traces";
		expect(proxy.asked).toContain(asked);
	});

	test("a proxy that is dead, or does not connect us, is told by its variable, and not the collector", async () => {
		const refusing = await startHttp((_incoming, response) => void response.writeHead(502).end());
		ends.push(refusing.close);
		// Of a request that is not tunnelled nobody knows who answered.
		for (const proxy of [await unusedAddress(), ...(protocol === "http/json" ? [] : [refusing.url])]) {
			const sinks = await openSinks({
				OTEL_EXPORTER_OTLP_ENDPOINT: `${protocol === "http/json" ? "http" : "https"}://collector.example:4999`,
				OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
				OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
				HTTPS_PROXY: proxy.replace("//", "//ada:hunter2@"),
				http_proxy: proxy.replace("//", "//ada:hunter2@"),
			});
			emitOne(sinks);
			const { line } = await sinks.shutdown(10_000);
			expect(line).toContain(
				`not delivered to ${protocol === "http/json" ? "http" : "https"}://collector.example:4999 (proxy ${proxy.replace("//", "//****@")}: `,
			);
			expect(line).toMatch(/; check the proxy, which (HTTPS_PROXY|http_proxy) names, or list the host in NO_PROXY\.$/);
			delete process.env["grpc_proxy"];
		}
	});

	test("a collector on loopback is not", async () => {
		const { receiver, proxy, direct } = await start();
		const sinks = await openSinks({
			OTEL_EXPORTER_OTLP_ENDPOINT: direct,
			OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
			http_proxy: proxy.url,
			https_proxy: proxy.url,
		});
		process.env["http_proxy"] = proxy.url;
		emitOne(sinks);
		const { line } = await sinks.shutdown(10_000);
		delete process.env["http_proxy"];
		expect(line).toBeUndefined();
		expect(receiver.spans.length).toBe(1);
		expect(proxy.asked).toEqual([]);
	});
});
