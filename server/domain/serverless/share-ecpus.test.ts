import fc from "fast-check";
import { expect, test } from "vitest";
import { shareEcpus } from "./share-ecpus.ts";

const use = (perSecond: number, isThrottled = false) => ({ perSecond, isThrottled });

test("a maximum goes where clients are, and together nodes have exactly the maximum", () => {
	const [primary = 0, replica = 0] = shareEcpus(1_000, [use(900, true), use(0)]);
	expect(primary).toBeCloseTo(975, 6);
	expect(replica).toBeCloseTo(25, 6);
	expect(shareEcpus(1_000, [use(500, true), use(500, true)])).toEqual([500, 500]);
	expect(shareEcpus(1_000, [use(0), use(0)])).toEqual([500, 500]);
	const [busy = 0, calm = 0] = shareEcpus(1_000, [use(700, true), use(200)]);
	expect(busy).toBeCloseTo(750, 6);
	expect(calm).toBeCloseTo(250, 6);
	fc.assert(
		fc.property(
			fc.integer({ min: 1_000, max: 1_000_000 }),
			fc.array(fc.record({ perSecond: fc.nat(2_000_000), isThrottled: fc.boolean() }), {
				minLength: 1,
				maxLength: 40,
			}),
			(max, nodes) => {
				const shares = shareEcpus(max, nodes);
				expect(shares.reduce((sum, share) => sum + share, 0) / max).toBeCloseTo(1, 6);
				for (const share of shares) expect(share).toBeGreaterThan(0);
			},
		),
	);
});
