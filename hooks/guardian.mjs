// Sleeps beside an interactive claude until claude-otel is killed, then stands in for it: the hooks of the claude that
// lives on are answered and kept. In: on stdin what the run is, and its end when claude-otel has gone; from descriptor 3
// on its listening sockets. Nobody reads what it says, and it ends with claude.

const brief = [];
process.stdin
	.on("data", (chunk) => brief.push(chunk))
	.on("error", () => process.exit())
	.on("end", () => void standIn(Buffer.concat(brief).toString()));

async function standIn(text) {
	try {
		const stand = await import("../dist/stand-in.js");
		await stand.standIn(text, process.env);
	} finally {
		process.exit();
	}
}
