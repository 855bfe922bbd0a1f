// A callback of the program's → called, and whatever it does, nothing of ours breaks: what it throws is told, and so is
// what it promises and does not keep.

/** Undefined where it has thrown. */
export function callBack<T>(call: () => T, onError: (error: unknown) => void): T | undefined {
	try {
		const answer = call();
		if (isPromise(answer)) answer.then(undefined, onError);
		return answer;
	} catch (error) {
		onError(error);
		return undefined;
	}
}

/** Declared as giving nothing back, a callback may be async all the same. */
function isPromise(answer: unknown): answer is PromiseLike<unknown> {
	return typeof (answer as { then?: unknown } | null | undefined)?.then === "function";
}
