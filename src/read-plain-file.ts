// A path → what is in the plain file that is there. Pipes and devices are not read: some never end, and some never begin.
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from "node:fs";

// Where a system has no such flags, it has no such files.
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Its first bytes; a link is none. Throws what open throws; undefined where it is no plain file. */
export function readPlainFile(path: string, maxBytes: number): Buffer | undefined {
	const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	try {
		const found = fstatSync(file);
		if (!found.isFile()) return undefined;
		const bytes = Buffer.alloc(Math.min(found.size, maxBytes));
		return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
	} finally {
		closeSync(file);
	}
}

/** All of it, also behind a link. Throws what open throws, and where it is no plain file. */
export function readNamedFile(path: string): Buffer {
	const file = openSync(path, O_RDONLY | O_NONBLOCK);
	try {
		if (!fstatSync(file).isFile()) throw new Error("it is no plain file");
		return readFileSync(file);
	} finally {
		closeSync(file);
	}
}
