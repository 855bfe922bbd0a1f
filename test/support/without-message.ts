// Requests that no message tells of: summaries of the conversation, and what failed for good. In: spans, and what was asked.
// Out: every difference between the two.

import type { ScriptedRequest } from "../../src/testing/scripted-model.ts";
import type { Asked } from "./asked.ts";
import type { Span } from "./otlp-plain.ts";
import { tokensOf, usageTokens } from "./tokens.ts";

/** One span for each compaction, and below it the request that made its summary. */
export function compactionFaults(spans: Span[], asked: Asked[]): string[] {
	const compactions = spans.filter(({ name }) => name === "claude.compaction");
	const below = new Set(compactions.map(({ spanId }) => spanId));
	const chats = spans.filter(({ parentSpanId }) => below.has(parentSpanId));
	const made = asked.filter(({ isCompaction, end }) => isCompaction && end === "answered");
	const faults: string[] = [];
	if (compactions.length !== made.length) faults.push(`${compactions.length} compactions, expected ${made.length}`);
	if (chats.length !== made.length) faults.push(`${chats.length} requests of compactions, expected ${made.length}`);
	for (const { attempts } of made) {
		const answer = attempts.at(-1) as ScriptedRequest;
		const told = chats.filter(({ attributes }) => attributes["request.id"] === answer.requestId);
		// Without claude's own telemetry nobody tells the id.
		const chat = told[0] ?? chats.find(({ attributes }) => attributes["request.id"] === undefined);
		if (chat?.attributes.query_source !== "compact") faults.push(`no chat of compaction ${answer.at}`);
		else if (chat.attributes["tokens.source"] !== "native") continue;
		else if (JSON.stringify(tokensOf(chat.attributes)) !== JSON.stringify(usageTokens(answer.usage)))
			faults.push(`compaction ${answer.at} has other tokens than were billed`);
	}
	return faults;
}

/** One chat span for each request that failed for good, in its lane, and no further ones. */
export function failureFaults(chats: Span[], asked: Asked[], laneOf: ReadonlyMap<string, string>): string[] {
	const told = chats.filter(({ attributes }) => attributes["error.type"] !== undefined);
	const failed = asked.filter(({ end }) => end === "failed");
	const faults = told.length === failed.length ? [] : [`${told.length} failed requests, expected ${failed.length}`];
	for (const { attempts, lane, isCompaction } of failed) {
		const ids = attempts.map(({ requestId }) => requestId);
		const chat = told.find(({ attributes }) => ids.includes(String(attributes["request.id"])));
		const status = attempts.at(-1)?.step.fault;
		if (chat === undefined) {
			// The transcript knows no id of one that was given up for another model.
			if (!told.some(({ attributes }) => attributes["request.id"] === undefined))
				faults.push(`no span of the failed request ${attempts[0]?.at}`);
			continue;
		}
		if (laneOf.get(chat.spanId) !== lane) faults.push(`request ${attempts[0]?.at} failed in another lane`);
		if ((chat.attributes.query_source === "compact") !== isCompaction)
			faults.push(`failed request ${attempts[0]?.at}: query_source ${chat.attributes.query_source}`);
		if (status && "status" in status && chat.attributes["http.response.status_code"] !== status.status)
			faults.push(`failed request ${attempts[0]?.at}: ${chat.attributes["http.response.status_code"]}`);
	}
	return faults;
}
