import { expect, it } from "vitest";
import { memoryStore } from "./memory-store.ts";
import { openTelemetry } from "./open-telemetry.ts";
import { writeThrough } from "./strategies.ts";

it("reads are counted by outcome, loads and writes are traced, and keys stand in no metric", async () => {
	const measured: unknown[] = [];
	const spans: string[] = [];
	const exceptions: string[] = [];
	const instrument = (name: string) => {
		const note = (_value: number, attributes: Record<string, string>) =>
			void measured.push([name, attributes]);
		return { add: note, record: note };
	};
	const cache = writeThrough<number>({
		...{ store: memoryStore(), prefix: "p:", ttlMs: 60_000 },
		load: async (key) => {
			if (key === "bad") throw new Error("no database");
			return 1;
		},
		write: async () => undefined,
		onEvent: openTelemetry({
			name: "numbers",
			meter: { createCounter: instrument, createHistogram: instrument },
			tracer: {
				startSpan: (name) => {
					spans.push(name);
					return { recordException: ({ message }) => void exceptions.push(message), end() {} };
				},
			},
		}),
	});
	await cache.get("secret-key");
	await cache.get("secret-key");
	await cache.put("secret-key", 2);
	await cache.get("bad").catch(() => undefined);
	expect(measured).toContainEqual(["cache.reads", { "cache.name": "numbers", outcome: "miss" }]);
	expect(measured).toContainEqual(["cache.reads", { "cache.name": "numbers", outcome: "hit" }]);
	expect(measured).toContainEqual(["cache.errors", { "cache.name": "numbers", operation: "load" }]);
	expect(spans).toEqual(["cache load", "cache write", "cache load"]);
	expect(exceptions).toEqual(["no database"]);
	expect(JSON.stringify(measured)).not.toContain("secret-key");
});
