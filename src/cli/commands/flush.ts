// `claude-otel flush` → what collectors did not take is delivered to them, and what became of it is told.
import { systemClock } from "../../clock.ts";
import { createDiagnostics } from "../../diagnostics.ts";
import type { OwnContext } from "../program.ts";
import { spoolLines } from "../sentences.ts";

const EXIT_LEFT = 1;

export async function flush({ process, loaded }: OwnContext): Promise<number> {
	const { config } = loaded;
	const say = (line: string) => process.stdout.write(`${line}\n`);
	const diagnostics = createDiagnostics({ target: config.debug, level: config.otel.logLevel, clock: systemClock });
	diagnostics.release((line) => process.stderr.write(line));
	const { openKeeping, flushSpool } = await import("../../pipeline.ts");
	const { store, spool, problems } = await openKeeping({ ...config, store: { at: "nowhere" } }, diagnostics);
	store?.close();
	if (spool === undefined) {
		say(spoolLines.off());
		return 0;
	}
	const flushed = await flushSpool(spool, config, diagnostics);
	for (const problem of problems) process.stderr.write(`${problem}\n`);
	if (flushed.length === 0 && !spool.failed()) say(spoolLines.empty());
	for (const {
		signal,
		destination,
		delivered,
		refused,
		waiting,
		failure,
		because,
		place,
		until,
		variable,
	} of flushed) {
		if (delivered > 0) say(spoolLines.delivered(delivered, signal, destination));
		if (refused > 0) say(spoolLines.refused(refused, signal, destination, failure?.reason ?? "", failure?.cure ?? ""));
		if (waiting > 0 && failure) say(spoolLines.waiting(waiting, signal, destination, failure.reason, failure.cure));
		else if (waiting > 0 && because === "taken") say(spoolLines.taken(waiting, signal, destination));
		else if (waiting > 0 && until !== undefined)
			say(spoolLines.patience(waiting, signal, destination, new Date(until)));
		else if (waiting > 0 && because === "silent") say(spoolLines.silent(waiting, signal, destination, variable));
		else if (waiting > 0 && place !== undefined) say(spoolLines.otherwise(waiting, signal, destination, place));
		else if (waiting > 0) say(spoolLines.elsewhere(waiting, signal, destination, variable));
	}
	spool.close();
	return spool.failed() || flushed.some(({ waiting, refused }) => waiting + refused > 0) ? EXIT_LEFT : 0;
}
