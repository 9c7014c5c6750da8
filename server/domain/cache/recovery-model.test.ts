import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Flaws } from "../../testing/recovery/engines.ts";
import { FOUND } from "../../testing/recovery/found-histories.ts";
import { histories, play } from "../../testing/recovery/history.ts";

/** `npm run test:model` plays 100,000. */
const RUNS = Number(process.env.LARDER_MODEL_RUNS ?? 60);
/** A run can be repeated: the report of a failure names its seed. */
const SEED = Number(process.env.LARDER_MODEL_SEED ?? 20_260_101);
const FLAWED_RUNS = 200;
const WITHIN_MS = 6 * 3_600_000;

function findCounterexample(
	options: { runs: number; flaws?: Flaws } & Parameters<typeof histories>[0],
) {
	const { runs, flaws, ...of } = options;
	const property = fc.property(histories(of), (history) => {
		const wrong = play(history, flaws);
		if (wrong.length > 0) throw new Error(wrong.join("; "));
	});
	// A flaw counts as found once any history shows it.
	return fc.check(property, { numRuns: runs, seed: SEED, endOnFailure: flaws !== undefined });
}

describe("whatever happens to engines, agents, hosts and the control plane", () => {
	it(
		"only synced nodes lead, a serving primary stays primary, and in the end every shard is healthy",
		() => {
			const found = findCounterexample({ runs: RUNS });
			expect(found.failed ? fc.defaultReportMessage(found) : "").toBe("");
		},
		WITHIN_MS,
	);

	it.each(FOUND)("goes well where it once failed: $what", ({ history }) => {
		expect(play(history)).toEqual([]);
	});
});

describe("the model finds what Larder guards against", () => {
	it.each([
		{
			what: "electors that don't look at the engine's mark",
			flaws: { electorsIgnoreMark: true },
			of: { cluster: false, born: false, kinds: ["kill", "hang", "control-plane-away"] as const },
			message: /although it never synced/,
		},
		{
			what: "reports of different ages that are believed as they come",
			flaws: { reportsAreBelieved: true },
			of: { cluster: true, born: true, kinds: ["slow-reports", "nothing"] as const },
			message: /which was serving/,
		},
		{
			what: "a lost identity that its agent doesn't notice",
			flaws: { lossIsOverlooked: true },
			of: { cluster: true, born: false, kinds: ["lose-identity", "kill"] as const },
			message: /not healthy/,
		},
	])(
		"$what",
		({ flaws, of, message }) => {
			const found = findCounterexample({ runs: FLAWED_RUNS, flaws, ...of });
			expect(String(found.errorInstance)).toMatch(message);
			expect(findCounterexample({ runs: 10, ...of }).failed).toBe(false);
		},
		WITHIN_MS,
	);
});
