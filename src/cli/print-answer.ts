// Messages of the Agent SDK → what `claude -p` prints in each of its output formats.
import type { SDKMessage, SDKResultMessage } from "../launch/agent-runner.ts";
import type { SdkOptions } from "../launch/sdk-args.ts";

export const OUTPUT_FORMATS: readonly string[] = ["text", "json", "stream-json"];

export interface AnswerPrinter {
	message(message: SDKMessage): void;
	/** claude has gone: what is told only now. */
	end(): void;
}

export function createAnswerPrinter(
	format: string,
	options: Pick<SdkOptions, "maxTurns" | "maxBudgetUsd">,
	write: (text: string) => void,
): AnswerPrinter {
	const results: SDKResultMessage[] = [];
	return {
		message(message) {
			if (format === "stream-json") write(`${JSON.stringify(message)}\n`);
			if (message.type === "result") results.push(message);
		},
		end() {
			const last = results.at(-1);
			if (last === undefined || format === "stream-json") return;
			if (format === "json") write(`${JSON.stringify(last)}\n`);
			else if (last.subtype === "success") write(`${textsOf(results).join("\n\n")}\n`);
			else write(sentenceOf(last, options));
		},
	};
}

/** Of a run whose background work brought further turns, all that was said. */
function textsOf(results: readonly SDKResultMessage[]): string[] {
	return results.flatMap((result) => (result.subtype === "success" && result.result !== "" ? [result.result] : []));
}

/** In the words of `claude -p`. */
function sentenceOf(
	{ subtype }: SDKResultMessage,
	{ maxTurns, maxBudgetUsd }: Pick<SdkOptions, "maxTurns" | "maxBudgetUsd">,
): string {
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
