// What this process holds once all that nobody uses is gone.
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Bytes on the heap and in buffers. */
export function usedMemory(): number {
	collect();
	const { used_heap_size: heap, external_memory: outside } = getHeapStatistics();
	return heap + outside;
}
