// How one request is answered. In: the request with its step. Out: an SSE stream, JSON, an error, a cut or nothing.

import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { buildMessage, errorBody, fullUsage, type MakeId, startUsage } from "./message.ts";
import type { ScriptedRequest, ScriptFault } from "./script.ts";
import { blockEvents, endEvents, formatEvent, type SseEvent, startEvents } from "./sse.ts";

/** A client that finds the data and the connection's end together may throw the data away: then a cut is never the same twice. */
const BEFORE_CUT_MS = 150;

/** Answers as the request's step says, and writes down in the request how it ended. */
export async function answerRequest(request: ScriptedRequest, response: ServerResponse, makeId: MakeId): Promise<void> {
	const hangUp = new AbortController();
	response.on("close", () => {
		request.endedAt ||= Date.now();
		if (request.outcome === "pending") request.outcome = "aborted";
		hangUp.abort();
	});
	response.setHeader("request-id", request.requestId);
	try {
		await sleep(request.step.delayMs ?? 0, undefined, { signal: hangUp.signal });
		const fault = request.step.fault;
		if (fault && "hang" in fault) request.outcome = "hung";
		else if (fault && "status" in fault) fail(request, response, fault);
		else if (request.body.stream === true) await stream(request, response, makeId, hangUp.signal);
		else await answerWhole(request, response, makeId, hangUp.signal);
	} catch (error) {
		// The client hung up while we waited: 'close' has written that down.
		if (!hangUp.signal.aborted) throw error;
	}
}

async function stream(
	request: ScriptedRequest,
	response: ServerResponse,
	makeId: MakeId,
	signal: AbortSignal,
): Promise<void> {
	const step = request.step;
	const cut = step.fault && "cut" in step.fault ? step.fault.cut : undefined;
	request.messageId = makeId("msg_");
	const message = buildMessage(step, request.messageId, request.model, makeId);
	const write = (events: SseEvent[]) => response.write(events.map(formatEvent).join(""));

	response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
	request.usage = startUsage(step);
	write(startEvents(message, request.usage));
	if (cut === "before-content") return breakOff(request, response, signal);
	if (cut === "error-event") {
		await sleep(BEFORE_CUT_MS, undefined, { signal });
		write([{ ...errorBody(529, request.requestId), type: "error" }]);
		finish(request, "cut");
		response.end();
		return;
	}
	for (const [index, block] of message.content.entries()) {
		if (index > 0) await sleep(step.blockDelayMs ?? 0, undefined, { signal });
		const events = blockEvents(block, index);
		if (cut === "mid-block") {
			write(events.slice(0, 2));
			return breakOff(request, response, signal);
		}
		write(events);
		if (cut === "after-block") return breakOff(request, response, signal);
	}
	request.usage = fullUsage(step);
	finish(request, "answered");
	write(endEvents(message));
	response.end();
}

async function answerWhole(
	request: ScriptedRequest,
	response: ServerResponse,
	makeId: MakeId,
	signal: AbortSignal,
): Promise<void> {
	request.messageId = makeId("msg_");
	const message = JSON.stringify(buildMessage(request.step, request.messageId, request.model, makeId));
	response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(message) });
	request.usage = fullUsage(request.step);
	if (request.step.fault) {
		response.write(message.slice(0, message.length / 2));
		return breakOff(request, response, signal);
	}
	finish(request, "answered");
	response.end(message);
}

function fail(request: ScriptedRequest, response: ServerResponse, fault: Extract<ScriptFault, { status: number }>) {
	finish(request, "fault");
	if (fault.retryAfterSeconds !== undefined) response.setHeader("retry-after", String(fault.retryAfterSeconds));
	sendJson(response, fault.status, errorBody(fault.status, request.requestId, fault.type, fault.message));
}

/** Drops the connection once the client has had time to read what was written so far. */
async function breakOff(request: ScriptedRequest, response: ServerResponse, signal: AbortSignal): Promise<void> {
	await sleep(BEFORE_CUT_MS, undefined, { signal });
	finish(request, "cut");
	response.destroy();
}

function finish(request: ScriptedRequest, outcome: ScriptedRequest["outcome"]): void {
	request.outcome = outcome;
	request.endedAt = Date.now();
}

/** Everything but messages: token counts are estimated, the rest does not exist. */
export function answerOther(
	method: string,
	path: string | undefined,
	body: string,
	response: ServerResponse,
	requestId: string,
): void {
	response.setHeader("request-id", requestId);
	if (method === "POST" && path === "/v1/messages/count_tokens") {
		sendJson(response, 200, { input_tokens: Math.ceil(body.length / 4) });
	} else if (method === "HEAD") {
		response.writeHead(200).end();
	} else {
		sendJson(response, 404, errorBody(404, requestId));
	}
}

export function refuse(response: ServerResponse, message: string, requestId: string): void {
	if (response.headersSent) response.destroy();
	else sendJson(response, 400, errorBody(400, requestId, undefined, message));
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
	response.writeHead(status, { "content-type": "application/json" });
	response.end(JSON.stringify(body));
}
