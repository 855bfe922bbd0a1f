// A Messages API on 127.0.0.1 that answers from a script: the only fake in the tests, and what `demo` talks to.
// In: HTTP requests of Claude Code or an SDK. Out: answers as scripted, and a record of every request.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerOther, answerRequest, refuse } from "./answer.ts";
import { isCompactionRequest } from "./compaction.ts";
import { idMaker, type MakeId, NO_USAGE } from "./message.ts";
import { followScript, type MessagesBody, type Script, type ScriptedRequest, type ScriptUsage } from "./script.ts";

export type {
	Script,
	ScriptBlock,
	ScriptedOutcome,
	ScriptedRequest,
	ScriptFault,
	ScriptStep,
	ScriptUsage,
} from "./script.ts";

export type ScriptedModelOptions = {
	/** Default: a free port. */
	port?: number;
	/** Makes the ids; hand in a seeded function for ids that repeat. Default: Math.random. */
	random?: () => number;
};

export type ScriptedModel = {
	/** For ANTHROPIC_BASE_URL. */
	url: string;
	port: number;
	/** Every request for a message, in order of arrival. */
	requests: ScriptedRequest[];
	/** Tokens per answering model, over requests that were answered to the end. */
	billed(): Record<string, ScriptUsage>;
	/** Tokens per model, over attempts that were cut after they had begun. */
	billedCut(): Record<string, ScriptUsage>;
	/** Begins another script; requests recorded so far stay. */
	setScript(script: Script): void;
	close(): Promise<void>;
};

export async function startScriptedModel(script: Script, options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
	const makeId = idMaker(options.random);
	const requests: ScriptedRequest[] = [];
	let chooseStep = followScript(script);

	const server = createServer((incoming, response) => {
		// A script that throws is the author's mistake: a 400 shows its message where he looks, in the client's output.
		receive(incoming, response).catch((error: unknown) => refuse(response, String(error), makeId("req_")));
	});

	// A client that asks in the moment in which its resting connection is ended asks again, and counts two attempts.
	server.keepAliveTimeout = 0;

	async function receive(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
		const text = await readBody(incoming);
		const path = (incoming.url ?? "/").split("?")[0];
		if (incoming.method !== "POST" || path !== "/v1/messages") {
			answerOther(incoming.method ?? "GET", path, text, response, makeId("req_"));
			return;
		}
		const request = describeRequest(incoming, JSON.parse(text) as MessagesBody, requests.length, makeId);
		requests.push(request);
		try {
			request.step = chooseStep(request);
		} catch (error) {
			request.outcome = "fault";
			throw error;
		}
		await answerRequest(request, response, makeId);
	}

	const port = await listen(server, options.port ?? 0);
	return {
		url: `http://127.0.0.1:${port}`,
		port,
		requests,
		billed: () => sumUsage(requests.filter((request) => request.outcome === "answered")),
		billedCut: () => sumUsage(requests.filter((request) => request.outcome === "cut")),
		setScript(next) {
			chooseStep = followScript(next);
		},
		close: () => stop(server),
	};
}

function describeRequest(incoming: IncomingMessage, body: MessagesBody, at: number, makeId: MakeId): ScriptedRequest {
	const agentId = header(incoming, "x-claude-code-agent-id");
	const parentAgentId = header(incoming, "x-claude-code-parent-agent-id");
	return {
		at,
		lane: agentId ?? "main",
		...(agentId === undefined ? {} : { agentId }),
		...(parentAgentId === undefined ? {} : { parentAgentId }),
		sessionId: header(incoming, "x-claude-code-session-id") ?? "",
		body,
		model: body.model,
		isCompaction: isCompactionRequest(body),
		step: {},
		outcome: "pending",
		requestId: makeId("req_"),
		usage: NO_USAGE,
		startedAt: Date.now(),
		endedAt: 0,
	};
}

function sumUsage(requests: ScriptedRequest[]): Record<string, ScriptUsage> {
	const totals: Record<string, ScriptUsage> = {};
	for (const { model, step, usage } of requests) {
		const total = { ...(totals[step.model ?? model] ?? NO_USAGE) };
		for (const key of Object.keys(total) as (keyof ScriptUsage)[]) total[key] += usage[key];
		totals[step.model ?? model] = total;
	}
	return totals;
}

async function readBody(incoming: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of incoming) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks).toString("utf8");
}

function header(incoming: IncomingMessage, name: string): string | undefined {
	const value = incoming.headers[name];
	return Array.isArray(value) ? value[0] : value;
}

function listen(server: Server, port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
	});
}

function stop(server: Server): Promise<void> {
	return new Promise((resolve) => {
		server.close(() => resolve());
		server.closeAllConnections();
	});
}
