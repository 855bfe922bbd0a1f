// What Claude Code runs where an http hook cannot serve: one hook payload on stdin → the socket of the claude-otel that
// waits for it. Whatever happens it prints nothing and exits 0, because a hook that fails or speaks changes the session.
// In: CLAUDE_OTEL_SOCKET and CLAUDE_OTEL_TOKEN of the run; or, where it is installed, the service's socket as argument.

/** Claude Code kills a hook of ours after one second; giving up earlier keeps its record clean. */
const GIVE_UP_MS = 800;

const leave = () => process.exit(0);
process.on("uncaughtException", leave);
setTimeout(leave, GIVE_UP_MS);

const [, , installedPath] = process.argv;
const { CLAUDE_OTEL_RUN, CLAUDE_OTEL_SOCKET, CLAUDE_OTEL_TOKEN = "" } = process.env;
const path = installedPath ?? CLAUDE_OTEL_SOCKET;
// A run has hooks of its own: what is installed would tell everything twice.
if (path === undefined || (installedPath !== undefined && CLAUDE_OTEL_RUN)) leave();

// An import statement would cost a millisecond more.
const socket = process.getBuiltinModule("node:net").connect(path);
socket.on("error", leave);
socket.on("close", leave);
// Handed to the kernel is enough: the bytes arrive even when this process is gone.
socket.on("finish", leave);
socket.write(`${installedPath === undefined ? CLAUDE_OTEL_TOKEN : ""}\n`);
process.stdin.on("error", leave);
process.stdin.pipe(socket);
