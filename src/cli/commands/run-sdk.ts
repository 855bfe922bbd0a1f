// `claude-otel --use-sdk`: the prompt from the arguments and standard input → run by the Agent SDK, its answer on standard
// output in the formats of `claude -p`, and the code that it ends with. At a terminal and without a prompt it is a
// conversation.
import { UserMistake } from "../../errors.ts";
import type { SDKUserMessage, TracedAgent } from "../../launch/agent-runner.ts";
import { readClaudeArgs } from "../../launch/claude-args.ts";
import { loadSdk } from "../../launch/load-sdk.ts";
import { parseClaudeArgs, type SdkArgs } from "../../launch/sdk-args.ts";
import type { ClaudeEnd } from "../../launch/spawn-claude.ts";
import { keepCompiled } from "../load-pipeline.ts";
import { createAnswerPrinter, OUTPUT_FORMATS } from "../print-answer.ts";
import { readInputMessages, readPrompt } from "../read-prompt.ts";
import type { RunContext } from "../run-context.ts";
import { cliMistakes } from "../sentences.ts";
import { traceAgent } from "../trace-agent.ts";
import { runClaude } from "./run.ts";

const INPUT_FORMATS = ["text", "stream-json"];

export async function runWithSdk(
	args: readonly string[],
	context: RunContext,
	process: NodeJS.Process,
	emoji: boolean,
): Promise<ClaudeEnd> {
	const parsed = parseClaudeArgs(args);
	if (readClaudeArgs(args, false).bare !== undefined) throw cliMistakes.sdkNeedsPrompt();
	// To compile the SDK takes a quarter of a second: from the second run on it is read from there.
	keepCompiled(context.config);
	const sdk = await loadSdk();
	if (sdk === undefined) throw cliMistakes.sdkMissing();
	if (isConversation(args, context, process)) {
		return (await import("./repl.ts")).converse({ sdk, args, context, process, emoji });
	}
	if (isRefused(parsed)) return runClaude(["-p", ...args], context);
	const streams = parsed.inputFormat === "stream-json";
	const prompt = streams ? undefined : await readPrompt(parsed.prompt, process.stdin);
	// Nothing is left in standard input for claude to read, so that it says of this what it says of nothing.
	if (prompt?.trim() === "")
		return runClaude(["-p", ...args, ...(parsed.prompt === undefined ? [prompt] : [])], context);

	/** Of prompts, as the user gave them. */
	const ids = new Set<string | undefined>();
	const printer = createAnswerPrinter(
		parsed,
		(uuid) => !ids.has(uuid),
		(text) => void process.stdout.write(text),
	);
	const agent = await traceAgent({
		sdk,
		args,
		context,
		prompt,
		partialMessages: parsed.partialMessages,
		signals: "forward",
		onMessage: printer.message,
	});
	// Whoever read our output has had enough.
	process.stdout.once("error", agent.stop);
	if (streams) {
		await sendAll(process.stdin, agent, (message) => {
			ids.add(message.uuid);
			agent.send(message);
		});
	}
	const { exitCode, signal, results, error } = await agent.ended;
	if (error instanceof UserMistake || (error !== undefined && results.length === 0 && exitCode === 0)) throw error;
	printer.end();
	return signal === undefined ? { exitCode } : { signal };
}

/** `claude -p` refuses it before it asks the model anything, and says best itself why. */
function isRefused({ outputFormat, inputFormat, verbose, partialMessages }: SdkArgs): boolean {
	if (!OUTPUT_FORMATS.includes(outputFormat) || !INPUT_FORMATS.includes(inputFormat)) return true;
	return outputFormat === "stream-json" ? !verbose : inputFormat === "stream-json" || partialMessages;
}

/** As `claude` decides it; and what was asked for in a format is no conversation. */
function isConversation(args: readonly string[], { stdoutIsTerminal }: RunContext, { stdin }: NodeJS.Process): boolean {
	const { prompt, outputFormat, inputFormat } = parseClaudeArgs(args);
	const asText = outputFormat === "text" && inputFormat === "text";
	return prompt === undefined && asText && stdin.isTTY && readClaudeArgs(args, stdoutIsTerminal).interactive;
}

/** A line that is no message ends the run, and what was answered before is told. */
async function sendAll(
	stdin: NodeJS.ReadStream,
	agent: TracedAgent,
	send: (message: SDKUserMessage) => void,
): Promise<void> {
	try {
		await readInputMessages(stdin, send);
		agent.close();
	} catch (error) {
		agent.stop();
		await agent.ended;
		throw error;
	}
}
