import { expect, it } from "vitest";
import type { CacheModel } from "./model.ts";
import { planCache } from "./plan-cache.ts";
import { cache, healthy } from "./testing/models.ts";

/** A Sunday. */
const IN_WINDOW = new Date("2026-11-29T05:30:00Z");
const BEFORE = new Date("2026-11-29T04:30:00Z");

const starts = (overrides: Partial<CacheModel>, now = IN_WINDOW) =>
	planCache(cache(healthy(), overrides), now).actions.flatMap((action) =>
		action.kind === "start-pending" ? [action.when] : [],
	);

it("what waits for the window begins while it is open, and not before", () => {
	expect(starts({ pending: ["window"] })).toEqual(["window"]);
	expect(starts({ pending: ["window"] }, BEFORE)).toEqual([]);
	expect(starts({ pending: [] })).toEqual([]);
});

it("what follows a change begins once that is over, before what waits for the window", () => {
	expect(starts({ pending: ["next", "window"] }, BEFORE)).toEqual(["next"]);
	expect(starts({ pending: ["next", "window"] })).toEqual(["next"]);
});

it("nothing begins while nodes change, move or wait for a restart, or before the cache was available", () => {
	const pending = ["next", "window"] as const;
	expect(starts({ pending, resizing: true, nodesPerShard: 2 })).toEqual([]);
	expect(starts({ pending, everAvailable: false })).toEqual([]);
	const [first, ...others] = healthy();
	const asked = [{ moveTo: { hostId: null, zone: "zone-9" } }, { rebootPending: true }].map(
		(change) => [{ ...first, ...change }, ...others] as CacheModel["shards"][number]["nodes"],
	);
	for (const nodes of asked) {
		const plan = planCache(cache([...nodes], { pending }), IN_WINDOW);
		expect(plan.actions.map(({ kind }) => kind)).not.toContain("start-pending");
	}
});

it("a cache is modifying until the change that follows has begun, and says what blocks it; waiting for the window isn't a change", () => {
	const block = { step: "start-pending", nodeId: null, reason: "No room." } as const;
	const next = planCache(cache(healthy(), { pending: ["next"], blocks: [block] }), BEFORE);
	expect(next).toMatchObject({ status: "modifying", statusReason: "No room.", blocks: [block] });
	const window = planCache(cache(healthy(), { pending: ["window"], blocks: [block] }), IN_WINDOW);
	expect(window).toMatchObject({ status: "available", statusReason: null, blocks: [block] });
	const over = planCache(cache(healthy(), { pending: ["window"], blocks: [block] }), BEFORE);
	expect(over.blocks).toEqual([]);
});
