// A loopback connection that sends just the bytes it is told to. Out: what came back, as status, headers and body.
import { connect, type Socket } from "node:net";
import { until } from "./run.ts";

export interface RawAnswer {
	status: number;
	headers: Record<string, string>;
	body: string;
}

export interface RawConnection {
	socket: Socket;
	answers: RawAnswer[];
	isClosed(): boolean;
	/** Waits for the kernel to take the bytes; false when the other side has gone meanwhile. */
	send(bytes: string | Buffer): Promise<boolean>;
	/** The next one that nobody has waited for. */
	answer(timeoutMs?: number): Promise<RawAnswer>;
}

/** One that is deaf sends on although the other side has ended. */
export async function dial(url: string, { deaf = false } = {}): Promise<RawConnection> {
	const { hostname, port } = new URL(url);
	const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: deaf });
	const answers: RawAnswer[] = [];
	let unread = Buffer.alloc(0);
	let closed = false;
	let waitedFor = 0;
	socket.on("data", (chunk: Buffer) => {
		unread = Buffer.concat([unread, chunk]);
		for (let answer = take(); answer !== undefined; answer = take()) answers.push(answer);
	});
	socket.on("error", () => {});
	socket.on("close", () => {
		closed = true;
	});
	await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
	return {
		socket,
		answers,
		isClosed: () => closed,
		send: (bytes) =>
			new Promise((resolve) => {
				// A socket that is destroyed calls back too, with an error.
				if (closed) resolve(false);
				else socket.write(bytes, (error) => resolve(!error));
			}),
		async answer(timeoutMs) {
			const index = waitedFor++;
			await until("an answer", () => answers.length > index || closed, timeoutMs);
			const answer = answers[index];
			if (answer === undefined) throw new Error("the connection was closed without an answer");
			return answer;
		},
	};

	function take(): RawAnswer | undefined {
		const end = unread.indexOf("\r\n\r\n");
		if (end === -1) return undefined;
		const [first = "", ...lines] = unread.toString("latin1", 0, end).split("\r\n");
		const headers = Object.fromEntries(
			lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
		);
		const bodyEnd = end + 4 + Number(headers["content-length"] ?? 0);
		if (unread.length < bodyEnd) return undefined;
		const body = unread.toString("utf8", end + 4, bodyEnd);
		unread = unread.subarray(bodyEnd);
		return { status: Number(first.split(" ")[1]), headers, body };
	}
}
