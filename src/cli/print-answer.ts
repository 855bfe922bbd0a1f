// Messages of the Agent SDK → what `claude -p` prints in each of its output formats.
import type { SDKMessage, SDKResultMessage } from "../launch/agent-runner.ts";
import type { SdkArgs } from "../launch/sdk-args.ts";

export const OUTPUT_FORMATS: readonly string[] = ["text", "json", "stream-json"];

export interface AnswerPrinter {
	message(message: SDKMessage): void;
	/** claude has gone: what is told only now. */
	end(): void;
}

type Printable = Pick<SdkArgs, "outputFormat" | "verbose" | "partialMessages" | "options">;

/** @param isOurs whether the id of a prompt is one that we gave it: then nobody is told of it */
export function createAnswerPrinter(
	{ outputFormat, verbose, partialMessages, options }: Printable,
	isOurs: (uuid: string) => boolean,
	write: (text: string) => void,
): AnswerPrinter {
	const results: SDKResultMessage[] = [];
	const all: object[] = [];
	let begun = false;
	return {
		message(message) {
			const shown = asWithPrint(message, partialMessages, isOurs);
			if (shown === undefined) return;
			if (outputFormat === "stream-json") write(`${JSON.stringify(shown)}\n`);
			if (outputFormat === "json" && verbose) all.push(withoutStreamed(shown));
			if (message.type === "system" && message.subtype === "init") begun = true;
			if (message.type === "result") results.push(message);
		},
		end() {
			const last = results.at(-1);
			// Of a session that cannot be taken up, claude has said so on standard error.
			if (last === undefined || outputFormat === "stream-json" || !begun) return;
			if (outputFormat === "json") {
				const told = verbose ? all : withoutStreamed(asWithPrint(last, partialMessages, isOurs) ?? last);
				write(`${JSON.stringify(told)}\n`);
			} else if (last.subtype === "success") write(`${textsOf(results).join("\n\n")}\n`);
			else write(sentenceOf(last, options));
		},
	};
}

/** What is there because we asked for pieces of answers, and because the queue gives each prompt an id. */
const WITH_PIECES = ["begun_message_ids"];
const WITH_IDS = [
	"user_message_uuid",
	"user_message_uuids",
	"request_sent_wall_ms",
	"first_request_input_tokens",
	"first_request_cache_read_input_tokens",
];

function asWithPrint(
	message: SDKMessage,
	partialMessages: boolean,
	isOurs: (uuid: string) => boolean,
): object | undefined {
	const { command_uuid: prompt, user_message_uuids: prompts } = message as Partial<
		Record<"command_uuid", string> & Record<"user_message_uuids", string[]>
	>;
	if (prompt !== undefined && isOurs(prompt)) return undefined;
	return without(message, [...(partialMessages ? [] : WITH_PIECES), ...(prompts?.every(isOurs) ? WITH_IDS : [])]);
}

/** What claude tells in a stream alone. */
function withoutStreamed(message: object): object {
	return without(message, ["model_usage_since_last_result"]);
}

function without(message: object, keys: readonly string[]): object {
	return Object.fromEntries(Object.entries(message).filter(([key]) => !keys.includes(key)));
}

/** Of a run whose background work brought further turns, all that was said. */
function textsOf(results: readonly SDKResultMessage[]): string[] {
	return results.flatMap((result) => (result.subtype === "success" && result.result !== "" ? [result.result] : []));
}

/** In the words of `claude -p`. */
function sentenceOf({ subtype }: SDKResultMessage, { maxTurns, maxBudgetUsd }: SdkArgs["options"]): string {
	switch (subtype) {
		case "error_max_turns":
			return `Error: Reached max turns (${maxTurns})`;
		case "error_max_budget_usd":
			return `Error: Exceeded USD budget (${maxBudgetUsd})`;
		case "error_max_structured_output_retries":
			return "Error: Failed to provide valid structured output after maximum retries";
		default:
			return "Execution error";
	}
}
