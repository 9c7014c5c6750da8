import { expect, test } from "vitest";
import type { MigrationPhase, MigrationReport } from "../../contract/migration.ts";
import { combineReports } from "./combine-reports.ts";
import { followMigration } from "./follow-migration.ts";

const report = (
	phase: MigrationReport["phase"],
	message: string | null = null,
	changes: Partial<MigrationReport> = {},
): MigrationReport => ({
	...{ id: "m", phase, bytes: 0, totalBytes: null, keys: 0, totalKeys: null },
	...{ lagBytes: null, lagSeconds: null, pausedMs: null, holdsWrites: null, checks: [], message },
	...changes,
});
const follow = (
	phase: MigrationPhase,
	said: MigrationReport | null,
	reason: string | null = null,
) => followMigration({ phase, reason }, said);

test("the cache is emptied only after every check has passed", () => {
	expect(follow("check", report("checking"))).toEqual({ kind: "wait" });
	expect(follow("check", report("checked"))).toMatchObject({ phase: "replicate" });
	expect(follow("check", report("failed", "no"))).toMatchObject({ state: "failed", reason: "no" });
});

test("a migration takes the lead only when it was asked to and the engine has all", () => {
	expect(follow("replicate", report("caught-up"))).toEqual({ kind: "wait" });
	expect(follow("cut-over", report("following"))).toEqual({ kind: "wait" });
	expect(follow("cut-over", report("caught-up"))).toMatchObject({ phase: "lead" });
	expect(follow("lead", report("caught-up"))).toEqual({ kind: "wait" });
	expect(follow("lead", report("leading"))).toMatchObject({ state: "completed" });
	expect(follow("cut-over", null)).toEqual({ kind: "wait" });
});

test("a cut-over that took too long, or whose agent died, is taken back, and says why", () => {
	for (const phase of ["following", "checking", "copying"] as const) {
		const step = follow("cut-over", report(phase, "why"));
		expect(step).toEqual({ kind: "phase", phase: "replicate", reason: "why" });
	}
});

test("a migration that fails empties all shards first, and never once the cache leads", () => {
	const failed = report("failed", "no");
	expect(follow("replicate", failed)).toMatchObject({ phase: "cancel", reason: "no" });
	expect(follow("cancel", report("emptied"), "no")).toMatchObject({ state: "failed" });
	expect(follow("lead", failed)).toEqual({ kind: "wait" });
});

test("a canceled migration ends once the engine is empty", () => {
	expect(follow("cancel", report("following"))).toEqual({ kind: "wait" });
	expect(follow("cancel", report("emptied"))).toMatchObject({ state: "canceled" });
});

test("a migration of several shards is as far as the one that is least far, and lags as the slowest", () => {
	const a = report("following", null, { lagBytes: 5, lagSeconds: 2, keys: 3, totalKeys: 3 });
	const b = report("copying", "slow", { keys: 1, totalKeys: 7, holdsWrites: false, checks: ["b"] });
	expect(combineReports([a, b])).toMatchObject({
		...{ phase: "copying", keys: 4, totalKeys: 10, lagBytes: 5, message: "slow" },
		...{ holdsWrites: false, checks: ["b"] },
	});
	expect(combineReports([a, null])).toBeNull();
	expect(combineReports([null, report("failed", "no")])).toMatchObject({ phase: "failed" });
	expect(combineReports([report("emptied"), a])).toMatchObject({ phase: "following" });
	expect(combineReports([report("caught-up"), report("leading")])).toMatchObject({
		phase: "caught-up",
	});
});
