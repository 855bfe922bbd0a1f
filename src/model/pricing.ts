// List prices for the model. The price library is large: it is loaded when a model comes that our own table lacks.
import type { Usage } from "./fact.ts";
import { contextWindowOf, costPicoUsd, loadPrices, priceOf } from "./price.ts";

export interface Pricing {
	price(usage: Usage, model: string, at: number): { picoUsd: number | undefined; estimated: boolean };
	/** Context window in tokens. */
	windowOf(model: string): number | undefined;
	/** A request of this model will be priced. */
	expect(model: string, at: number): void;
	/** All prices, before there is anything to price. */
	load(): Promise<void>;
	/** Resolves when every price that was asked for is there. */
	ready(): Promise<void>;
}

export function createPricing(): Pricing {
	let loading: Promise<void> | undefined;
	return {
		price(usage, model, at) {
			const { picoUsd, estimated } = costPicoUsd(usage, model, at);
			return { picoUsd, estimated };
		},
		windowOf: contextWindowOf,
		expect(model, at) {
			// Without the library there is one sum less, and nothing else is lost.
			if (loading === undefined && priceOf(model, at) === undefined) loading = loadPrices().catch(() => {});
		},
		load() {
			loading ??= loadPrices().catch(() => {});
			return loading;
		},
		ready: () => loading ?? Promise.resolve(),
	};
}
