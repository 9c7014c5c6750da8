import { describe, expect, it } from "vitest";
import { GIB } from "../../../../../server/contract/limits.ts";
import { NO_LIMITS } from "../../../../../server/contract/serverless.ts";
import { limitChanges, NO_LIMITS_DRAFT, toLimitsDraft } from "../../limits-draft.ts";
import { crossedProblem, limitDifferences } from "./limit-differences.ts";

const CACHE = {
	limits: { ...NO_LIMITS, dataStorageGb: { min: 1, max: 10 } },
	usage: { dataStorageBytes: 3 * GIB, ecpuPerSecond: 5_000, throttledPercent: 0 },
	evictionPolicy: "volatile-lru",
} as const;
const PRESENT = toLimitsDraft(CACHE.limits);
const effectOf = (
	change: Partial<typeof PRESENT>,
	cache: Parameters<typeof limitDifferences>[0] = CACHE,
) => limitDifferences(cache, { ...PRESENT, ...change }).map(({ effect }) => effect);

describe("changed limits", () => {
	it("are sent alone, and 0 removes one", () => {
		expect(limitChanges(CACHE.limits, PRESENT)).toBeUndefined();
		expect(limitChanges(CACHE.limits, { ...PRESENT, storageMax: "20" })).toEqual({
			dataStorageGb: { max: 20 },
		});
		expect(limitChanges(CACHE.limits, { ...PRESENT, storageMin: "", ecpuMax: "1,000" })).toEqual({
			dataStorageGb: { min: 0 },
			ecpuPerSecond: { max: 1_000 },
		});
	});

	it("are said as a difference", () => {
		expect(limitDifferences(CACHE, { ...NO_LIMITS_DRAFT, ecpuMax: "20000" })).toEqual([
			expect.objectContaining({ field: "Minimum data storage", from: "1 GB", to: "none" }),
			expect.objectContaining({ field: "Maximum data storage", from: "10 GB", to: "none" }),
			expect.objectContaining({
				...{ field: "Maximum ECPU per second", from: "none", to: "20,000 ECPU/s" },
			}),
		]);
		expect(limitDifferences(CACHE, { ...PRESENT, ecpuMax: "many" })).toEqual([]);
	});

	it("say what happens to data and clients beyond them", () => {
		expect(effectOf({ storageMax: "4" })).toEqual(["at once; nothing restarts"]);
		expect(effectOf({ storageMax: "2" })).toEqual([
			"at once. It holds 3 GiB now, so keys are evicted until the rest fits",
		]);
		expect(effectOf({ storageMax: "2" }, { ...CACHE, evictionPolicy: "noeviction" })).toEqual([
			"at once. It holds 3 GiB now, so writes fail until data is deleted",
		]);
		expect(effectOf({ ecpuMax: "1000" })[0]).toContain("clients will wait");
	});

	it("can't cross the ones that stay", () => {
		expect(crossedProblem(CACHE.limits, { ...PRESENT, storageMin: "11" })?.field).toBe(
			"storageMax",
		);
		expect(crossedProblem(CACHE.limits, { ...PRESENT, storageMin: "10" })).toBeNull();
	});
});
