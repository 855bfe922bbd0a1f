// A command in a pseudo-terminal, seen through a terminal emulator as a person sees it.
// In: command, keys. Out: the screen's text, and how the command ended.

import { spawn } from "@lydell/node-pty";
// The package is CommonJS without named exports that Node can see.
import xterm from "@xterm/headless";
import { CLAUDE, CLAUDE_OTEL, type ClaudeHome } from "./claude-home.ts";
import { until } from "./run.ts";

export type TerminalOptions = {
	env?: Record<string, string>;
	cwd?: string;
	columns?: number;
	rows?: number;
	/** After this the command is killed. */
	timeoutMs?: number;
};

export type TerminalExit = { code: number; signal: number };

export type Terminal = {
	pid: number;
	/** What the person sees now, lines joined by \n, blanks at line ends removed. */
	screen(): string;
	/** Everything that was ever written, escape sequences included. */
	raw(): string;
	/** Types text like a person: key by key, without Enter. */
	type(text: string): Promise<void>;
	press(key: Key): void;
	/** As a terminal hands over what is pasted: at once, and marked where the program asked for it. */
	paste(text: string): void;
	/** Waits until the screen has stood still for a moment, as a person does before answering, then presses. */
	pressWhenCalm(key: Key): Promise<void>;
	/** Types a prompt and, once the screen shows it, presses Enter. */
	submit(text: string): Promise<void>;
	waitForText(text: string | RegExp, timeoutMs?: number): Promise<void>;
	waitForNoText(text: string | RegExp, timeoutMs?: number): Promise<void>;
	resize(columns: number, rows: number): void;
	signal(name: NodeJS.Signals): void;
	/** Closes the terminal as a person closes a window: the kernel sends SIGHUP. */
	hangUp(): void;
	exit: Promise<TerminalExit>;
};

export type Key = keyof typeof KEYS;
const KEYS = {
	enter: "\r",
	escape: "\x1b",
	tab: "\t",
	up: "\x1b[A",
	down: "\x1b[B",
	left: "\x1b[D",
	right: "\x1b[C",
	"ctrl-c": "\x03",
	"ctrl-d": "\x04",
	"ctrl-z": "\x1a",
} as const;

const DEFAULT_TIMEOUT_MS = 60_000;
const KEY_INTERVAL_MS = 5;
/** Claude Code's dialogs ignore keys that come too soon after they appear. */
const CALM_MS = 300;
/** A spinner never stands still: then the key is pressed all the same. */
const MOST_RESTLESS_MS = 2_000;

export function claudeInTerminal(home: ClaudeHome, args: string[], options?: TerminalOptions): Promise<Terminal> {
	return openTerminal(home, CLAUDE, args, options);
}

export function claudeOtelInTerminal(home: ClaudeHome, args: string[], options?: TerminalOptions): Promise<Terminal> {
	return openTerminal(home, process.execPath, [CLAUDE_OTEL, ...args], options);
}

export async function openTerminal(
	home: ClaudeHome,
	command: string,
	args: string[],
	options: TerminalOptions = {},
): Promise<Terminal> {
	const columns = options.columns ?? 120;
	const rows = options.rows ?? 40;
	const emulator = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
	const pty = spawn(command, args, {
		// It is TERM, whatever the environment says.
		name: options.env?.TERM ?? "xterm-256color",
		cols: columns,
		rows,
		cwd: options.cwd ?? home.work,
		env: { ...home.env, ...options.env },
	});
	let raw = "";
	let exited = false;
	pty.onData((data) => {
		raw += data;
		emulator.write(data);
	});
	// The emulator answers what the program asks of its terminal (cursor position, device attributes).
	emulator.onData((data) => {
		if (!exited) pty.write(data);
	});
	const timer = setTimeout(() => pty.kill("SIGKILL"), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
	const exit = new Promise<TerminalExit>((resolve) => {
		pty.onExit(({ exitCode, signal }) => {
			exited = true;
			clearTimeout(timer);
			// What was written last may still be on its way through the emulator.
			emulator.write("", () => resolve({ code: exitCode, signal: signal ?? 0 }));
		});
	});

	const screen = () => visibleText(emulator);
	const shows = (text: string | RegExp) => (typeof text === "string" ? screen().includes(text) : text.test(screen()));
	const wait = async (what: string, condition: () => boolean, timeoutMs?: number) => {
		try {
			await until(what, () => condition() || exited, timeoutMs);
		} catch (error) {
			throw new Error(`The screen:\n${screen()}`, { cause: error });
		}
		if (!condition()) throw new Error(`The command ended before: ${what}\nThe screen:\n${screen()}`);
	};
	const press = (key: Key) => pty.write(KEYS[key]);
	const type = async (text: string) => {
		for (const key of text) {
			pty.write(key);
			await new Promise((resolve) => setTimeout(resolve, KEY_INTERVAL_MS));
		}
	};
	const pressWhenCalm = async (key: Key) => {
		const giveUpAt = Date.now() + MOST_RESTLESS_MS;
		for (let before = ""; before !== screen() && Date.now() < giveUpAt; ) {
			before = screen();
			await new Promise((resolve) => setTimeout(resolve, CALM_MS));
		}
		press(key);
	};
	return {
		pid: pty.pid,
		screen,
		raw: () => raw,
		type,
		press,
		paste: (text) =>
			pty.write(emulator.modes.bracketedPasteMode ? `\x1b[200~${text.replaceAll("\n", "\r")}\x1b[201~` : text),
		pressWhenCalm,
		async submit(text) {
			await type(text);
			await pressWhenCalm("enter");
		},
		waitForText: (text, timeoutMs) => wait(`the screen shows ${text}`, () => shows(text), timeoutMs),
		waitForNoText: (text, timeoutMs) => wait(`the screen shows ${text} no more`, () => !shows(text), timeoutMs),
		resize(nextColumns, nextRows) {
			pty.resize(nextColumns, nextRows);
			emulator.resize(nextColumns, nextRows);
		},
		signal: (name) => pty.kill(name),
		// node-pty's kill() sends SIGHUP to the child alone; closing the master end is what a closed window does.
		hangUp: () => (pty as unknown as { destroy(): void }).destroy(),
		exit,
	};
}

function visibleText(emulator: InstanceType<typeof xterm.Terminal>): string {
	const buffer = emulator.buffer.active;
	const lines: string[] = [];
	for (let row = 0; row < emulator.rows; row++) {
		lines.push(buffer.getLine(buffer.baseY + row)?.translateToString(true) ?? "");
	}
	return lines.join("\n").trimEnd();
}
