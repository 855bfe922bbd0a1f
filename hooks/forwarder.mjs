// What Claude Code runs where an http hook cannot serve: one hook payload on stdin → the socket of the claude-otel that
// waits for it. Whatever happens it prints nothing and exits 0, because a hook that fails or speaks changes the session.
// In: CLAUDE_OTEL_SOCKET and CLAUDE_OTEL_TOKEN, or the socket as the only argument (installed hooks).
import { connect } from "node:net";

/** Claude Code kills a hook of ours after one second; giving up earlier keeps its record clean. */
const GIVE_UP_MS = 800;

const leave = () => process.exit(0);
process.on("uncaughtException", leave);
setTimeout(leave, GIVE_UP_MS);

const path = process.argv[2] ?? process.env.CLAUDE_OTEL_SOCKET;
if (!path) leave();
const socket = connect(path);
socket.on("error", leave);
socket.on("close", leave);
socket.write(`${process.argv[2] ? "" : (process.env.CLAUDE_OTEL_TOKEN ?? "")}\n`);
process.stdin.on("error", leave);
process.stdin.pipe(socket);
// Handed to the kernel is enough: the bytes arrive even when this process is gone.
socket.on("finish", leave);
