// Where a run would lay its socket → whether one can be reached there, tried with a folder that goes again.
import { randomUUID } from "node:crypto";
import { connect, createServer } from "node:net";
import { rememberAbsent } from "../can-be-made.ts";
import { makeRunDirectory, type RunDirectoryOptions, type Unfit } from "./run-directory.ts";

export type ProbedRunDirectory =
	| { state: "usable" }
	/** A run lays its files there instead. */
	| { state: "elsewhere"; path: string; unfit: Unfit }
	| { state: "nowhere"; reason: string };

export async function probeRunDirectory(options: Omit<RunDirectoryOptions, "runId">): Promise<ProbedRunDirectory> {
	const forget = rememberAbsent(options.runDir);
	try {
		const { path, unfit, socketPath, remove } = makeRunDirectory({ ...options, runId: randomUUID() });
		try {
			await speakThrough(socketPath);
		} finally {
			remove(false);
			forget();
		}
		return unfit === undefined ? { state: "usable" } : { state: "elsewhere", path, unfit };
	} catch (error) {
		const code = error instanceof Error && "code" in error ? error.code : error;
		return { state: "nowhere", reason: String(code) };
	}
}

/** Rejects where no socket can be made, or nobody can be reached through it. */
async function speakThrough(socketPath: string): Promise<void> {
	const server = createServer((socket) => socket.on("error", () => {}).end());
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject).listen(socketPath, () => resolve());
	});
	try {
		await new Promise<void>((resolve, reject) => {
			const socket = connect(socketPath);
			socket.once("error", reject).once("connect", () => {
				socket.destroy();
				resolve();
			});
		});
	} finally {
		await new Promise((resolve) => server.close(resolve));
	}
}
