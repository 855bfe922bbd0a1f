// `npm run bench [name …]`: the benchmarks, one after the other, alone on the machine.
import { readdirSync } from "node:fs";

const wanted = process.argv.slice(2);
const folder = new URL(".", import.meta.url);
for (const file of readdirSync(folder).filter((name) => name.endsWith(".bench.ts"))) {
	const name = file.slice(0, -".bench.ts".length);
	if (wanted.length > 0 && !wanted.includes(name)) continue;
	const { run }: { run(): Promise<void> } = await import(new URL(file, folder).href);
	await run();
}
