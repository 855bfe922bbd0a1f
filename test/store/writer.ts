// A process that keeps facts in a store, for tests with several of them. Arguments: the store's path, how many facts.
import { identityOf } from "../../src/process-identity.ts";
import { openStore } from "../../src/store/store.ts";
import { factOf } from "./facts.ts";

const [path = "", count = "0"] = process.argv.slice(2);
const notes: string[] = [];
const store = await openStore({ path, note: (sentence) => notes.push(sentence) });
const runId = `run-${process.pid}`;
const journal = store.begin({ runId, owner: identityOf(process.pid), startedAt: Date.now(), context: "{}" });
for (let number = 0; number < Number(count); number++) {
	journal.keep([factOf(number, `session-${process.pid}`)]);
	if (number % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(JSON.stringify({ dropped: journal.dropped(), notes }));
if (process.argv[4] === "die") process.kill(process.pid, "SIGKILL");
journal.end(Date.now());
store.close();
