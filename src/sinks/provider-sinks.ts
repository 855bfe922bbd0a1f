// OpenTelemetry providers that a program has already → sinks that hand everything to them. They stay the program's: they
// are flushed at a run's end and never shut down.
import type { SinkOptions, Sinks } from "./providers.ts";
import type { Providers } from "./sink-types.ts";

export function createProviderSinks(providers: Providers): (options: SinkOptions) => Promise<Sinks> {
	const { tracerProvider, meterProvider, loggerProvider } = providers;
	return async ({ scope: { name, version }, diagnostics }) => {
		async function flush(timeoutMs: number): Promise<void> {
			let timer: NodeJS.Timeout | undefined;
			const late = new Promise<void>((resolve) => {
				timer = setTimeout(resolve, timeoutMs);
			});
			const all = Promise.allSettled(
				[tracerProvider, meterProvider, loggerProvider].map(async (provider) => provider.forceFlush?.()),
			).then((results) => {
				for (const result of results) {
					if (result.status === "rejected") diagnostics.say("warn", `A provider was not flushed: ${result.reason}`);
				}
			});
			await Promise.race([all, late]);
			clearTimeout(timer);
		}
		return {
			tracer: tracerProvider.getTracer(name, version),
			meter: meterProvider.getMeter(name, version),
			logger: loggerProvider.getLogger(name, version),
			warm() {},
			flush,
			async shutdown(timeoutMs) {
				await flush(timeoutMs);
				return { signals: [] };
			},
		};
	};
}
