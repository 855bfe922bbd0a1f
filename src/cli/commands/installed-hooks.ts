// to come
import type { OwnContext } from "../program.ts";
export async function changeInstalledHooks(_n: string, _s: object, _c: OwnContext): Promise<number> {
	return 0;
}
