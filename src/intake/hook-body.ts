// Bytes of one hook body, as they stream in → its JSON. A small body is kept and parsed whole. Of a larger one
// (a Write of 3 MB comes as 3 + 6 + 3 MB) the scanner keeps what matters while the rest flows by: memory stays flat,
// and keys that stand behind the megabytes (tool_use_id, duration_ms) are still there.
import type { Json } from "../model/fact.ts";
import { isShallow } from "../nesting.ts";
import { HookBodyScanner } from "./hook-body-scanner.ts";
import type { ShrinkLimits } from "./shrunk-json.ts";

export interface HookBody {
	/** Arrival, milliseconds since the epoch. */
	at: number;
	json: Record<string, Json>;
	/** Size of the whole body. */
	bytes: number;
	/** Top-level keys whose value was shortened → bytes of their full JSON. */
	cut?: Record<string, number>;
}

/** What is kept of one body: 64 KB of head, and 4 KB for small values that stand behind it. */
export const HOOK_BODY_KEEP = 64 * 1024;
export const HOOK_BODY_KEEP_TAIL = 4 * 1024;
/** Longer strings inside a large body are cut here. */
export const HOOK_BODY_KEEP_STRING = 16 * 1024;
/** No body of Claude Code comes near; what lies beyond is drained unread. */
export const HOOK_BODY_MAX = 256 * 1024 * 1024;

export const HOOK_BODY_LIMITS: ShrinkLimits = {
	head: HOOK_BODY_KEEP,
	tail: HOOK_BODY_KEEP_TAIL,
	string: HOOK_BODY_KEEP_STRING,
};

export interface HookBodyReader {
	push(chunk: Uint8Array): void;
	/** The body, or undefined where it is no JSON object. */
	read(at: number): HookBody | undefined;
}

export function createHookBodyReader(limits: ShrinkLimits = HOOK_BODY_LIMITS): HookBodyReader {
	let kept: Uint8Array[] = [];
	let bytes = 0;
	let scanner: HookBodyScanner | undefined;

	function scan(chunks: readonly Uint8Array[]): HookBodyScanner {
		const scanner = new HookBodyScanner(limits);
		for (const chunk of chunks) scanner.push(chunk);
		return scanner;
	}

	return {
		push(chunk) {
			bytes += chunk.length;
			if (bytes > HOOK_BODY_MAX) {
				kept = [];
				scanner = undefined;
			} else if (scanner !== undefined) {
				scanner.push(chunk);
			} else if (bytes <= limits.head) {
				kept.push(chunk);
			} else {
				kept.push(chunk);
				scanner = scan(kept);
				kept = [];
			}
		},
		read(at) {
			if (bytes > HOOK_BODY_MAX) return undefined;
			let json = parseObject(scanner === undefined ? Buffer.concat(kept).toString("utf8") : scanner.text());
			// Small, but so deep that nobody could walk it.
			if (scanner === undefined && !isShallow(json)) {
				scanner = scan(kept);
				json = parseObject(scanner.text());
			}
			if (json === undefined) return undefined;
			const cut = scanner?.cut();
			return cut === undefined ? { at, json, bytes } : { at, json, bytes, cut };
		},
	};
}

function parseObject(text: string | undefined): Record<string, Json> | undefined {
	if (text === undefined) return undefined;
	try {
		const json: Json = JSON.parse(text);
		return typeof json === "object" && json !== null && !Array.isArray(json) ? json : undefined;
	} catch {
		return undefined;
	}
}
