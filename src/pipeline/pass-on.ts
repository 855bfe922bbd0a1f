// Where claude's own telemetry goes on to, if anywhere → what takes it there; loaded only where there is such a place.
import type { Config, NativeDestinations } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { createOtlpRedaction } from "../intake/otlp-redact.ts";
import type { NativeForward } from "../sinks/native-forward.ts";
import type { CleanNamed } from "./clean-texts.ts";

export async function openPassOn(
	destinations: NativeDestinations = {},
	{ forwardRedact }: Pick<Config, "forwardRedact">,
	clean: CleanNamed,
	diagnostics: Diagnostics,
): Promise<NativeForward | undefined> {
	if (Object.keys(destinations).length === 0) return undefined;
	const { createNativeForward } = await import("../sinks/native-forward.ts");
	const redact = await createOtlpRedaction(clean);
	return createNativeForward({ destinations, diagnostics, redact, redactAll: forwardRedact });
}
