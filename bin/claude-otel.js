#!/usr/bin/env node
// Plain enough for any Node to read, so that one that is too old says what to do instead of what it cannot parse.
var version = process.versions.node.split(".").map(Number);
if (version[0] < 22 || (version[0] === 22 && version[1] < 15)) {
	process.stderr.write(
		"claude-otel needs Node 22.15 or newer, and this is " +
			process.versions.node +
			": install a newer one from https://nodejs.org or with your version manager.\n",
	);
	process.exit(2);
}
import("../dist/main.js").then((program) => program.main(process));
