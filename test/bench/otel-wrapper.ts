// The least that a wrapper with OpenTelemetry can be: starts claude, then loads the three exporters by gRPC with their
// providers, and sends one span, one count and one record when claude has gone.
import { spawn } from "node:child_process";
import { enableCompileCache } from "node:module";
import { join } from "node:path";

const [claude = "", ...args] = process.argv.slice(2);
const child = spawn(claude, args, { stdio: "inherit" });
const ended = new Promise<number>((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
child.once("spawn", async () => {
	enableCompileCache(join(import.meta.dirname, "compile-cache"));
	const { startOtel } = await import("./otel-alone.ts");
	const send = startOtel();
	const code = await ended;
	await send();
	process.exit(code);
});
