// Names a process so that another one can say later whether it still lives, though its number was given to a new one
// meanwhile. Comes in: a process id. Goes out: a short text to keep, and later the answer.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Where a process id means what it says: this boot of this machine, in this container. */
export function machineId(): string {
	cachedMachine ??= [hostname(), read("/proc/sys/kernel/random/boot_id")?.trim().slice(0, 8), namespace()]
		.filter((part) => part !== undefined)
		.join("/");
	return cachedMachine;
}

let cachedMachine: string | undefined;

/** `pid` or `pid:start`, where the system tells when it was started. */
export function identityOf(pid: number): string {
	const start = startOf(pid);
	return start === undefined ? String(pid) : `${pid}:${start}`;
}

export function pidOf(identity: string): number {
	return Number(identity.split(":")[0]);
}

/** Of this machine; elsewhere the same number says nothing. */
export function isAlive(identity: string): boolean {
	const [, start] = identity.split(":");
	const number = pidOf(identity);
	if (!Number.isInteger(number) || number <= 0 || !isThere(number)) return false;
	const now = startOf(number);
	return start === undefined || now === undefined || now === start;
}

/** A process and the claude that it started, or does not know. */
export interface Processes {
	/** Where they were. */
	machine: string;
	owner: string;
	claude?: string | null;
}

/** Those of another machine or container count as gone when they have said nothing for so long. */
export const FOREIGN_SILENCE_MS = 10 * 60_000;

/** A claude that outlives its claude-otel still writes: both have to be gone. */
export function haveGone({ machine, owner, claude }: Processes, silentMs: number): boolean {
	const [host, boot, space] = machine.split("/");
	const [ownHost, ownBoot, ownSpace] = machineId().split("/");
	if (host === ownHost && boot !== ownBoot) return true;
	if (host === ownHost && space === ownSpace) return !isAlive(owner) && !(claude && isAlive(claude));
	return Math.abs(silentMs) > FOREIGN_SILENCE_MS;
}

/** The values of a variable that processes of ours were started with. Linux alone; reads all processes. */
export function valuesInUse(name: string): Set<string> {
	const start = `${name}=`;
	const values = new Set<string>();
	for (const pid of listProcesses()) {
		for (const variable of read(`/proc/${pid}/environ`)?.split("\0") ?? [])
			if (variable.startsWith(start)) values.add(variable.slice(start.length));
	}
	return values;
}

function listProcesses(): number[] {
	try {
		return readdirSync("/proc").map(Number).filter(Number.isInteger);
	} catch {
		return [];
	}
}

function isThere(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		// It is somebody else's.
		return error instanceof Error && "code" in error && error.code === "EPERM";
	}
}

/** Linux: clock ticks from boot to its start, the 22nd field; a zombie has ended. */
function startOf(pid: number): string | undefined {
	const text = read(`/proc/${pid}/stat`);
	if (text === undefined) return undefined;
	// The name before it may hold blanks and brackets.
	const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
	return fields[0] === "Z" || fields[0] === "X" ? "ended" : fields[19];
}

function namespace(): string | undefined {
	try {
		return readlinkSync("/proc/self/ns/pid");
	} catch {
		return undefined;
	}
}

function read(path: string): string | undefined {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return undefined;
	}
}
