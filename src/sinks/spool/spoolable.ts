// Where a signal goes by OTLP → how a batch of it is kept and sent again.
import type { OtelConfig, OtlpTarget } from "../../config.ts";
import type { Diagnostics } from "../../diagnostics.ts";
import type { Batches, Spoolable } from "../exporter.ts";
import type { Exit } from "./exit.ts";
import { laneOf } from "./lane-name.ts";
import { serializerFor } from "./serializers.ts";

export function spoolableTo<S extends keyof Batches>(
	signal: S,
	target: OtlpTarget,
	proxies: OtelConfig["proxies"],
	diagnostics: Diagnostics,
): Spoolable<Batches[S]> {
	return {
		lane: laneOf(signal, target),
		serialize: serializerFor(signal, target.protocol),
		openExit: () => openExit(signal, target, proxies, diagnostics),
	};
}

export async function openExit(
	signal: keyof Batches,
	target: OtlpTarget,
	proxies: OtelConfig["proxies"],
	diagnostics: Diagnostics,
): Promise<Exit> {
	if (target.protocol === "grpc") {
		return (await import("./grpc-exit.ts")).createGrpcExit(signal, target, proxies, diagnostics);
	}
	return (await import("./http-exit.ts")).createHttpExit(target, proxies);
}
