// Sinks as the program opens them, from an environment. In: variables. Out: the sinks, and what was said.
import { systemClock } from "../../src/clock.ts";
import { loadConfig } from "../../src/config.ts";
import { createDiagnostics } from "../../src/diagnostics.ts";
import { createSinks, type Sinks } from "../../src/sinks/providers.ts";
import type { Spool } from "../../src/sinks/spool/spool.ts";

export const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
export const SCOPE = { name: "claude-otel", version: "1.2.3" };

export interface Opened extends Sinks {
	failures: { signal: string; count: number; reason: string }[];
	/** What console exporters wrote after the end. */
	written: string[];
	said(): string;
}

export async function openSinks(env: Record<string, string>, spool?: Spool): Promise<Opened> {
	const { config } = loadConfig({ HOME: "/nonexistent", ...env }, "linux");
	const failures: Opened["failures"] = [];
	const written: string[] = [];
	const diagnostics = createDiagnostics({ target: { to: "stderr" }, level: "all", clock: systemClock });
	let spans = 0;
	const sinks = await createSinks({
		config,
		runId: "run-1",
		spool,
		startedAt: Date.now(),
		resource: { "service.instance.id": "run-1" },
		scope: SCOPE,
		idGenerator: {
			generateTraceId: () => TRACE_ID,
			generateSpanId: () => (++spans).toString(16).padStart(16, "0"),
		},
		diagnostics,
		writeAfter: (text) => written.push(text),
		onExportFailure: (signal, count, reason) => failures.push({ signal, count, reason }),
	});
	const said = () => {
		let text = "";
		diagnostics.release((line) => {
			text += line;
		});
		return text;
	};
	return { ...sinks, failures, written, said };
}

/** One of each signal. */
export function emitOne(sinks: Sinks, name = "one"): void {
	sinks.tracer.startSpan(name, { attributes: { size: 1 } }).end();
	sinks.meter.createCounter("things_total").add(2, { kind: "a" });
	sinks.logger.emit({ body: `${name} happened`, eventName: "thing", attributes: { "event.name": "thing" } });
}

export async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
	const start = performance.now();
	await work();
	return performance.now() - start;
}
