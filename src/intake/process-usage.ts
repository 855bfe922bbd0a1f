// A process id → what the process has used so far, from /proc (Linux alone); never its command line.
import { readFileSync } from "node:fs";

export interface ProcessUsage {
	/** Seconds. */
	userSeconds: number;
	systemSeconds: number;
	/** Resident memory in bytes. */
	memoryBytes: number;
}

/** Linux counts in hundredths of a second (USER_HZ) on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

export function readProcessUsage(pid: number): ProcessUsage | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		// The name in brackets may hold spaces; the fields are counted from behind it (proc(5): utime is 14, stime 15).
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
		return {
			userSeconds: Number(fields[11]) / TICKS_PER_SECOND,
			systemSeconds: Number(fields[12]) / TICKS_PER_SECOND,
			memoryBytes: Number(resident ?? 0) * 1024,
		};
	} catch {
		return undefined;
	}
}
