import { describe, expect, it } from "vitest";
import { GIB } from "../../../../../server/contract/limits.ts";
import { NO_LIMITS } from "../../../../../server/contract/serverless.ts";
import { limitChanges, NO_LIMITS_DRAFT, toLimitsDraft } from "../../limits-draft.ts";
import { limitConflict, limitDifferences } from "./limit-differences.ts";

const CACHE = {
	limits: { ...NO_LIMITS, dataStorageGb: { min: 1, max: 10 } },
	usage: { dataStorageBytes: 3 * GIB, ecpuPerSecond: 5_000, throttledPercent: 0 },
} as const;
const PRESENT = toLimitsDraft(CACHE.limits);

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

	it("say what happens to clients beyond them", () => {
		const effectOf = (ecpuMax: string) =>
			limitDifferences(CACHE, { ...PRESENT, ecpuMax }).map(({ effect }) => effect)[0];
		expect(effectOf("5000")).toBe("at once; nothing restarts");
		expect(effectOf("1000")).toContain("clients will wait");
	});

	it("can't be less than what the cache holds, nor cross those that stay", () => {
		const conflictOf = (change: Partial<typeof PRESENT>) =>
			limitConflict(CACHE, { ...PRESENT, ...change });
		expect(conflictOf({ storageMax: "3" })?.message).toContain("holds 3 GiB now");
		expect(conflictOf({ storageMax: "4" })).toBeNull();
		expect(conflictOf({ storageMin: "11" })?.field).toBe("storageMax");
		expect(conflictOf({ storageMin: "10" })).toBeNull();
	});
});
