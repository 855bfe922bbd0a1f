// Records of type `system` and `attachment` → facts: retries, compactions, fallbacks, what was queued, and where claude ends by
// itself.
import type { RawFact } from "../../model/fact.ts";
import { contentOf } from "../content.ts";
import { asObject, asString, asUsd, compact, type JsonObject } from "../json.ts";
import { readFallback, readRefusal, readRetry } from "./attempts.ts";
import { type Lane, type LaneState, readToHere, type Seen, seenIn } from "./lane.ts";

export function readSystem(record: JsonObject, at: number, lane: Lane, state: LaneState): RawFact[] {
	const seen = seenIn(record, at, lane, state);
	switch (record.subtype) {
		case "api_error":
			return [readRetry(record, at, seen, state)];
		case "compact_boundary":
			state.boundary = { record, at };
			return [];
		case "stop_hook_summary":
			return readToHere(seen, lane);
		case "informational":
			return readEnding(record, seen);
		case "model_fallback":
			return readFallback(record, at, seen, state);
		case "model_refusal_fallback":
			return readRefusal(record, seen, state);
		default:
			return [];
	}
}

/** A prompt that a hook of the user's refuses has no record of its own. */
function readEnding(record: JsonObject, { promptId: _before, ...seen }: Seen): RawFact[] {
	const { kind } = asObject(asObject(record.promptSubmitEnding)?.ending) ?? {};
	return kind === "blocked_by_hook" ? [{ ...seen, kind: "prompt.refused" }] : [];
}

/** Of what claude tells the model beside the prompts: what was queued meanwhile, and the limits at which it stops by itself. */
export function readAttachment(
	attachment: JsonObject | undefined,
	seen: Seen,
	lane: Lane,
	state: LaneState,
): RawFact[] {
	const { promptId } = seen;
	if (attachment === undefined || lane.agentId !== undefined) return [];
	switch (attachment.type) {
		case "budget_usd":
			state.budgetUsd = asUsd(attachment.total) ?? state.budgetUsd;
			return [];
		case "max_turns_reached":
			return [{ ...seen, kind: "turn.stopped", errorType: "max_turns" }];
		case "queued_command": {
			const prompt = contentOf(attachment.prompt);
			if (promptId === undefined) return [];
			const synthetic = asString(asObject(attachment.origin)?.kind) !== "human";
			return [
				compact({
					...seen,
					kind: "prompt.submitted" as const,
					promptId,
					synthetic,
					joined: true,
					content: prompt && { prompt },
				}),
			];
		}
		default:
			return [];
	}
}
