import { expect, test } from "vitest";
import { MIB } from "../../contract/limits.ts";
import { resizeEnd, resizePercent } from "./resize-estimate.ts";
import { kindSteps, sizeSteps } from "./size-progress.ts";
import { cache, NOW, node, running } from "./testing/models.ts";

const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const begun = (steps: ReturnType<typeof kindSteps>, count: number) =>
	steps.map((step, index) => ({ ...step, startedAt: index < count ? NOW.toISOString() : null }));
const OLD = { engine: "valkey", engineVersion: "8", nodeType: "cache.t4g.micro" } as const;
const NEW = { ...OLD, engineVersion: "9" };
/** Three nodes, this many of them changed. */
const upgraded = (count: number) =>
	cache(
		[1, 2, 3].map((index) =>
			node(index, running(index === 1 ? "primary" : "replica"), {
				kind: index <= count ? NEW : OLD,
			}),
		),
		{ nodesPerShard: 3, engineVersion: "9" },
	);

test("a change of nodes advances with each node that has changed, and its own speed says how long the rest takes", () => {
	const steps = begun(kindSteps({ size: false, engine: true, zones: false }), 1);
	const unknown = () => 0;
	expect(resizePercent(upgraded(0), steps)).toBe(0);
	expect(resizePercent(upgraded(1), steps)).toBe(33);
	// 100 only once it has ended.
	expect(resizePercent(upgraded(3), steps)).toBe(99);
	// Three seconds for each node, as measured elsewhere; then what the first one actually took.
	expect(resizeEnd(upgraded(0), steps, unknown, NOW)).toEqual(after(9));
	expect(resizeEnd(upgraded(1), steps, unknown, after(20))).toEqual(after(60));
	// One of the nodes had the later engine from the start.
	expect(resizeEnd(upgraded(1), steps, unknown, NOW)).toEqual(after(6));
	expect(resizeEnd(upgraded(0), steps, unknown, after(10))).toBeNull();
});

test("progress doesn't go back when an earlier step has work again, and more data is expected to take longer", () => {
	const steps = begun(sizeSteps("valkey", "up"), 2);
	const grown = cache([node(1, running("primary"))], { nodesPerShard: 2 });
	expect(resizePercent(grown, steps)).toBe(33);
	// A new replica was lost: the first step is open again.
	const again = steps.map((step) => ({ ...step, state: "pending" as const }));
	expect(resizePercent(grown, again)).toBe(33);
	const end = (bytes: number) => resizeEnd(grown, steps, () => bytes, NOW)?.getTime() ?? 0;
	expect(end(1_000 * MIB) - end(0)).toBe(5_000);
	// Before the first step has begun, all of them are still to come.
	expect(resizeEnd(grown, sizeSteps("valkey", "up"), () => 0, NOW)).toEqual(after(5));
});
