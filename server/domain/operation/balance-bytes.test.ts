import fc from "fast-check";
import { expect, test } from "vitest";
import { LIMITS } from "../../contract/limits.ts";
import { countSlots, formatSlots, readSlots, withoutSlots } from "../../contract/slots.ts";
import { balanceBytes } from "./balance-bytes.ts";

const shard = (slots: string, bytes: number, stays = true) => ({
	...{ slots: readSlots(slots), bytes, stays },
});

test("a shard whose slots weigh more keeps fewer of them", () => {
	const spread = balanceBytes([shard("0-8191", 300), shard("8192-16383", 100)]);
	expect(spread.map(formatSlots)).toEqual(["0-5461", "5462-16383"]);
});

test("a new shard gets its share of the data, and one that leaves gives up all of its own", () => {
	const out = balanceBytes([shard("0-8191", 300), shard("8192-16383", 300), shard("", 0)]);
	expect(out.map(countSlots)).toEqual([5462, 5462, 5460]);
	const back = balanceBytes([shard("0-8191", 300), shard("8192-16383", 900, false)]);
	expect(back.map(formatSlots)).toEqual(["0-16383", ""]);
});

test("every slot has one owner, and no shard both gives and gets", () => {
	const layouts = fc
		.tuple(
			fc.array(fc.integer({ min: 1, max: LIMITS.clusterSlots - 1 }), { maxLength: 6 }),
			fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 8, maxLength: 8 }),
			fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
			fc.integer({ min: 0, max: 2 }),
		)
		.map(([cuts, bytes, stays, added]) => {
			const edges = [...new Set([0, ...cuts, LIMITS.clusterSlots])].sort((a, b) => a - b);
			const present = edges.slice(1).map((end, index) => ({
				...{ slots: [{ first: edges[index] ?? 0, last: end - 1 }], bytes: bytes[index] ?? 0 },
				stays: index === 0 || stays[index] === true,
			}));
			return [...present, ...Array.from({ length: added }, () => shard("", 0))];
		});
	fc.assert(
		fc.property(layouts, (shards) => {
			const spread = balanceBytes(shards);
			expect(spread.reduce((sum, slots) => sum + countSlots(slots), 0)).toBe(LIMITS.clusterSlots);
			expect(countSlots(spread.flat())).toBe(LIMITS.clusterSlots);
			for (const [index, { stays, slots }] of shards.entries()) {
				const now = spread[index] ?? [];
				if (!stays) expect(now).toEqual([]);
				const gives = withoutSlots(slots, now).length > 0;
				expect(gives && withoutSlots(now, slots).length > 0).toBe(false);
			}
		}),
	);
});

test("afterward all shards hold the same, give or take a few slots", () => {
	const bytes = fc.array(fc.integer({ min: 1e6, max: 1e9 }), { minLength: 2, maxLength: 6 });
	fc.assert(
		fc.property(bytes, (sizes) => {
			const width = Math.floor(LIMITS.clusterSlots / sizes.length);
			const shards = sizes.map((size, index) => {
				const last = index === sizes.length - 1 ? LIMITS.clusterSlots - 1 : (index + 1) * width - 1;
				return { slots: [{ first: index * width, last }], bytes: size, stays: true };
			});
			const weight = (slot: number) => {
				const owner = Math.min(sizes.length - 1, Math.floor(slot / width));
				return (sizes[owner] ?? 0) / countSlots(shards[owner]?.slots ?? []);
			};
			const held = balanceBytes(shards).map((ranges) =>
				ranges.reduce((sum, { first, last }) => {
					let bytesOf = 0;
					for (let slot = first; slot <= last; slot += 1) bytesOf += weight(slot);
					return sum + bytesOf;
				}, 0),
			);
			const heaviest = Math.max(...shards.map(({ slots }) => weight(slots[0]?.first ?? 0)));
			expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(
				heaviest * 2 * sizes.length,
			);
		}),
		{ numRuns: 30 },
	);
});
