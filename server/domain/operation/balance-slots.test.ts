import fc from "fast-check";
import { expect, test } from "vitest";
import { LIMITS } from "../../contract/limits.ts";
import { countSlots, formatSlots, readSlots, withoutSlots } from "../../contract/slots.ts";
import { balanceSlots } from "./balance-slots.ts";

const shard = (slots: string, stays = true) => ({ slots: readSlots(slots), stays });

test("a new shard gets an equal share, and no other slot moves", () => {
	const spread = balanceSlots([
		shard("0-5460"),
		shard("5461-10922"),
		shard("10923-16383"),
		shard(""),
	]);
	expect(spread.map(formatSlots)).toEqual([
		"0-4095",
		"5461-9556",
		"10923-15018",
		"4096-5460,9557-10922,15019-16383",
	]);
});

test("a shard that leaves gives its slots to the others", () => {
	const spread = balanceSlots([shard("0-8191"), shard("8192-12287", false), shard("12288-16383")]);
	expect(spread.map(formatSlots)).toEqual(["0-8191", "", "8192-16383"]);
});

test("every slot has one owner, shares differ by one at most, and as few slots move as possible", () => {
	const layouts = fc
		.tuple(
			fc.array(fc.integer({ min: 0, max: LIMITS.clusterSlots }), { minLength: 0, maxLength: 9 }),
			fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
		)
		.map(([cuts, stays]) => {
			const edges = [0, ...cuts.sort((a, b) => a - b), LIMITS.clusterSlots];
			const shards = edges.slice(1).map((end, index) => {
				const first = edges[index] ?? 0;
				const slots = first < end ? [{ first, last: end - 1 }] : [];
				return { slots, stays: index === 0 || stays[index] === true };
			});
			return shards;
		});
	fc.assert(
		fc.property(layouts, (shards) => {
			const spread = balanceSlots(shards);
			const counts = spread.map(countSlots);
			expect(counts.reduce((sum, count) => sum + count, 0)).toBe(LIMITS.clusterSlots);
			expect(countSlots(spread.flat())).toBe(LIMITS.clusterSlots);
			const staying = counts.filter((_, index) => shards[index]?.stays);
			expect(Math.max(...staying) - Math.min(...staying)).toBeLessThanOrEqual(1);
			for (const [index, { stays, slots }] of shards.entries()) {
				const now = spread[index] ?? [];
				if (!stays) expect(now).toEqual([]);
				// It gives or gets, never both.
				const gives = withoutSlots(slots, now).length > 0;
				expect(gives && withoutSlots(now, slots).length > 0).toBe(false);
			}
		}),
	);
});
