// Claim: with a collector that is down, hangs, refuses, resets or dawdles, `claude-otel -p` takes at most 1.05 times what it
// takes with one that is well: the median ratio of ten pairs in turn. The exit may wait for the collector as long as the
// user lets it (a second by default); what is compared is the time until claude has left.
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { startScriptedModel } from "../../src/testing/scripted-model.ts";
import { makeClaudeHome } from "../support/claude-home.ts";
import { runClaudeOtel } from "../support/run.ts";
import { alternate, median, report, startCollector } from "./measure.ts";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 10);
const RATIO_MAX = 1.05;

const answering = (answer: RequestListener) => () => listening(createHttpServer(answer));
const ILL: Record<string, () => Promise<{ endpoint: string; close(): void }>> = {
	down: async () => {
		const { endpoint, close } = await listening(createServer());
		close();
		return { endpoint, close: () => {} };
	},
	hanging: () => listening(createServer()),
	"answers 500": answering((incoming, response) => {
		incoming.resume();
		response.writeHead(500).end();
	}),
	resets: answering((incoming) => incoming.socket.resetAndDestroy()),
	"byte by byte": answering((incoming, response) => {
		incoming.resume();
		response.writeHead(200, { "content-length": "100000" });
		const timer = setInterval(() => response.write("a"), 100);
		response.on("close", () => clearInterval(timer)).on("error", () => {});
	}),
};

export async function run(): Promise<void> {
	const collector = await startCollector();
	const call = { type: "tool_use" as const, name: "Bash", input: { command: "true", description: "nothing" } };
	const script = () => ({
		main: [{ blocks: [call] }, { blocks: [call] }, { blocks: [{ type: "text" as const, text: "done" }] }],
	});
	const model = await startScriptedModel(script());
	const home = await makeClaudeHome(model.url);
	/** Milliseconds until claude has written its answer and left: the terminal is the user's again. */
	const timed = async (endpoint: string, protocol: string) => {
		model.setScript(script());
		const env = {
			OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
			OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
			CLAUDE_OTEL_EXIT_GRACE_MS: "0",
		};
		const args = ["-p", "go", "--dangerously-skip-permissions"];
		const { code, wallMs } = await runClaudeOtel(home, args, { env });
		if (code !== 0) throw new Error(`a run ended with ${code}`);
		return wallMs;
	};
	const lines: string[] = [];
	for (const [what, start] of Object.entries(ILL)) {
		const ill = await start();
		const results = await alternate(ROUNDS, {
			well: () => timed(collector.endpoint, "grpc"),
			ill: () => timed(ill.endpoint, what === "down" || what === "hanging" ? "grpc" : "http/protobuf"),
		});
		const ratio = median(results.ill.map((value, pair) => value / (results.well[pair] ?? Number.NaN)));
		lines.push(
			`${what.padEnd(13)} ${median(results.ill).toFixed(0)} ms   ratio ${ratio.toFixed(3)} (limit ${RATIO_MAX})`,
		);
		ill.close();
	}
	report(`A run with two calls and an ill collector, against one that is well (${ROUNDS} pairs each)`, lines);
	collector.stop();
	await model.close();
	home.remove();
}

async function listening(server: Server): Promise<{ endpoint: string; close(): void }> {
	const sockets = new Set<Socket>();
	server.on("connection", (socket: Socket) => {
		sockets.add(socket);
		socket.on("error", () => {}).on("close", () => sockets.delete(socket));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
	return {
		endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		close() {
			for (const socket of sockets) socket.destroy();
			server.close();
		},
	};
}
