// `claude-otel --use-sdk`: the prompt from the arguments and standard input → run by the Agent SDK, its answer on standard
// output in the formats of `claude -p`, and the code that it ends with. At a terminal and without a prompt it is a
// conversation.

import type { TracedAgent } from "../../launch/agent-runner.ts";
import { readClaudeArgs } from "../../launch/claude-args.ts";
import { loadSdk } from "../../launch/load-sdk.ts";
import { parseClaudeArgs } from "../../launch/sdk-args.ts";
import type { ClaudeEnd } from "../../launch/spawn-claude.ts";
import { keepCompiled } from "../load-pipeline.ts";
import { createAnswerPrinter, OUTPUT_FORMATS } from "../print-answer.ts";
import { readInputMessages, readPrompt } from "../read-prompt.ts";
import type { RunContext } from "../run-context.ts";
import { cliMistakes } from "../sentences.ts";
import { traceAgent } from "../trace-agent.ts";

const INPUT_FORMATS = ["text", "stream-json"];

export async function runWithSdk(
	args: readonly string[],
	context: RunContext,
	process: NodeJS.Process,
	emoji: boolean,
): Promise<ClaudeEnd> {
	const { prompt: written, outputFormat, inputFormat, partialMessages, options } = parseClaudeArgs(args);
	if (!OUTPUT_FORMATS.includes(outputFormat)) {
		throw cliMistakes.formatUnknown("--output-format", outputFormat, OUTPUT_FORMATS);
	}
	if (!INPUT_FORMATS.includes(inputFormat)) {
		throw cliMistakes.formatUnknown("--input-format", inputFormat, INPUT_FORMATS);
	}
	if (readClaudeArgs(args, false).bare !== undefined) throw cliMistakes.sdkNeedsPrompt();
	// To compile the SDK takes a quarter of a second: from the second run on it is read from there.
	keepCompiled(context.config);
	const sdk = await loadSdk();
	if (sdk === undefined) throw cliMistakes.sdkMissing();
	if (isConversation(args, context, process)) {
		return (await import("./repl.ts")).converse({ sdk, args, context, process, emoji });
	}
	const streams = inputFormat === "stream-json";
	const prompt = streams ? undefined : await readPrompt(written, process.stdin);
	if (prompt?.trim() === "") throw cliMistakes.noPrompt();

	const printer = createAnswerPrinter(outputFormat, options, (text) => void process.stdout.write(text));
	const agent = await traceAgent({
		sdk,
		args,
		context,
		prompt,
		partialMessages,
		signals: "forward",
		onMessage: printer.message,
	});
	// Whoever read our output has had enough.
	process.stdout.once("error", agent.stop);
	if (streams) await sendAll(process.stdin, agent);
	const { exitCode, signal, results, error } = await agent.ended;
	if (error !== undefined && results.length === 0 && exitCode === 0) throw error;
	printer.end();
	return signal === undefined ? { exitCode } : { signal };
}

/** As `claude` decides it; and what was asked for in a format is no conversation. */
function isConversation(args: readonly string[], { stdoutIsTerminal }: RunContext, { stdin }: NodeJS.Process): boolean {
	const { prompt, outputFormat, inputFormat } = parseClaudeArgs(args);
	const asText = outputFormat === "text" && inputFormat === "text";
	return prompt === undefined && asText && stdin.isTTY && readClaudeArgs(args, stdoutIsTerminal).interactive;
}

/** A line that is no message ends the run, and what was answered before is told. */
async function sendAll(stdin: NodeJS.ReadStream, agent: TracedAgent): Promise<void> {
	try {
		await readInputMessages(stdin, agent.send);
		agent.close();
	} catch (error) {
		agent.stop();
		await agent.ended;
		throw error;
	}
}
