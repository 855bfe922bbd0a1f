// The files that runs keep → whether they can be written, are whole and private, and what waits in them.
import { showBytes } from "../../demo/text.ts";
import type { InspectedDatabase, InspectedKeeping } from "../../pipeline.ts";
import type { Check, CheckContext, Finding } from "./check.ts";
import { findings } from "./findings.ts";

export const checkKeeping: Check = async ({ config, mistake }) => {
	if (mistake !== undefined) return [findings.notAsked("store", "the configuration cannot be read")];
	const { inspectKeeping } = await import("../../pipeline.ts");
	const { store, spool, file, notes } = await inspectKeeping(config);
	return [
		...storeFindings(store, config),
		...spoolFindings(spool, config),
		...notes.map((note) => findings.slow(note.startsWith(`${store?.database.path} `) ? "store" : "spool", note)),
		...(file === undefined ? [] : [file.writable ? findings.file(file.path) : findings.fileUnwritable(file.path)]),
	];
};

type Settings = CheckContext["config"];

function storeFindings(store: InspectedKeeping["store"], { storeMaxMb }: Settings): Finding[] {
	if (store === undefined) return [findings.storeOff()];
	const { database, killedRuns } = store;
	const { path } = database;
	if (database.state === "absent") return [findings.storeAbsent(path)];
	if (database.state === "unusable") return [findings.storeUnusable(path, database.reason)];
	const ill = whatIsWrong("store", database);
	if (ill !== undefined) return [ill];
	const waits = killedRuns > 0 ? [findings.killedRuns(killedRuns)] : [];
	return [findings.store(path, sizeOf(database), storeMaxMb), ...waits];
}

function spoolFindings(spool: InspectedKeeping["spool"], { spoolMaxMb }: Settings): Finding[] {
	if (spool === undefined) return [findings.spoolOff()];
	const { database, waiting } = spool;
	const { path } = database;
	if (database.state === "absent") return [findings.spoolAbsent(path)];
	if (database.state === "unusable") return [findings.spoolUnusable(path, database.reason)];
	const ill = whatIsWrong("spool", database);
	if (ill !== undefined) return [ill];
	if (waiting.length === 0) return [findings.spool(path, sizeOf(database), spoolMaxMb)];
	const tell = (lanes: typeof waiting, finding: typeof findings.waiting) =>
		[...new Set(lanes.map(({ destination }) => destination))].map((destination) => {
			const here = lanes.filter((lane) => lane.destination === destination);
			const sum = (count: "items" | "bytes") => here.reduce((total, lane) => total + lane[count], 0);
			return finding(sum("items"), showBytes(sum("bytes")), destination);
		});
	return [
		...tell(
			waiting.filter(({ isSentTo }) => isSentTo),
			findings.waiting,
		),
		...tell(
			waiting.filter(({ isSentTo }) => !isSentTo),
			findings.stuck,
		),
	];
}

function whatIsWrong(check: "store" | "spool", database: InspectedDatabase): Finding | undefined {
	if (database.state === "damaged") return findings.damaged(check, database.path);
	if (database.state === "busy") return findings.busy(check, database.path);
	return database.state === "usable" && database.openToOthers ? findings.openToOthers(check, database.path) : undefined;
}

function sizeOf(database: InspectedDatabase): string {
	return showBytes(database.state === "usable" ? database.bytes : 0);
}
