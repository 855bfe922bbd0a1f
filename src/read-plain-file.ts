// A path → the first bytes of the plain file that is there. Links, pipes and devices are not read: some never end.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** Throws what open throws; undefined where it is no plain file. */
export function readPlainFile(path: string, maxBytes: number): Buffer | undefined {
	// Where a system has no such flags, it has no such files.
	const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
	try {
		const found = fstatSync(file);
		if (!found.isFile()) return undefined;
		const bytes = Buffer.alloc(Math.min(found.size, maxBytes));
		return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
	} finally {
		closeSync(file);
	}
}
