// Names a process so that another one can say later whether it still lives, though its number was given to a new one
// meanwhile. Comes in: a process id. Goes out: a short text to keep, and later the answer.
import { readFileSync, readlinkSync } from "node:fs";
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
