// The doors of an interactive run → a guardian of theirs, started some time after claude, so that it is in nobody's way.
import { join } from "node:path";
import type { DoorDescriptors } from "../intake/hook-server.ts";
import { GUARDIAN_DESCRIPTOR, type Guardian, startGuardian } from "../launch/guardian.ts";
import type { StandInBrief } from "../pipeline/stand-in.ts";

export interface Guard {
	start(brief: Omit<StandInBrief, "doors">): void;
	/** None is started any more; resolves when nobody but us holds the doors. */
	end(): Promise<void>;
}

/** claude is ready for its first prompt by then. */
const GUARD_AFTER_MS = 2_000;

export function createGuard(
	{ packageRoot, env }: { packageRoot: string; env: NodeJS.ProcessEnv },
	descriptors: () => DoorDescriptors,
): Guard {
	let timer: NodeJS.Timeout | undefined;
	let guardian: Guardian | undefined;

	function startNow(brief: Omit<StandInBrief, "doors">): void {
		const { http, socket } = descriptors();
		const held = [http, socket].filter((descriptor) => descriptor !== undefined);
		if (held.length === 0) return;
		const placeOf = (descriptor: number | undefined) =>
			descriptor === undefined ? undefined : GUARDIAN_DESCRIPTOR + held.indexOf(descriptor);
		guardian = startGuardian({
			script: join(packageRoot, "hooks", "guardian.mjs"),
			brief: { ...brief, doors: { http: placeOf(http), socket: placeOf(socket) } } satisfies StandInBrief,
			descriptors: held,
			env,
		});
	}

	return {
		start(brief) {
			timer = setTimeout(startNow, GUARD_AFTER_MS, brief).unref();
		},
		async end() {
			clearTimeout(timer);
			await guardian?.end();
		},
	};
}
