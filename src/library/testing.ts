/**
 * What a test of a program with claude-otel needs: a sink that keeps everything in memory, a scripted model in place of
 * the real one, a home for the real claude, and assertions on trees of spans.
 *
 * @example
 * ```ts
 * const sink = createMemorySink();
 * const model = await startScriptedModel(TOOLS_SCRIPT);
 * const home = createTestHome(model.url, process.env.PATH ?? "");
 * await runAgentWithTelemetry("go", { sink, env: home.env, options: { cwd: home.work } });
 * assertSpanTree(sink.spans, `
 *   claude.session
 *     invoke_agent claude-code
 *       chat claude-opus-5-5
 *       …
 * `);
 * ```
 *
 * @module
 */
export {
	createMemorySink,
	type MemoryPoint,
	type MemoryRecord,
	type MemorySink,
	type MemorySpan,
} from "../sinks/memory.ts";
export { PLAIN_SCRIPT, TOOLS_SCRIPT } from "../testing/fixtures.ts";
export {
	type Script,
	type ScriptBlock,
	type ScriptedModel,
	type ScriptedModelOptions,
	type ScriptedRequest,
	type ScriptFault,
	type ScriptStep,
	type ScriptUsage,
	startScriptedModel,
} from "../testing/scripted-model.ts";
export {
	assertSoundSpans,
	assertSpanTree,
	type PrintOptions,
	printSpanTree,
	type SpanNode,
	spanTree,
	type TreeSpan,
} from "../testing/span-tree.ts";
export { createTestHome, type TestHome } from "../testing/test-home.ts";
