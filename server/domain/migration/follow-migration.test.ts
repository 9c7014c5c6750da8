import { expect, test } from "vitest";
import type { MigrationReport } from "../../contract/migration.ts";
import { followMigration } from "./follow-migration.ts";

const report = (phase: MigrationReport["phase"], message: string | null = null) => ({
	...{ id: "m", phase, bytes: 0, totalBytes: null, lagBytes: null, lagSeconds: null },
	...{ pausedMs: null, message },
});

test("a migration takes the lead only when it was asked to and the engine has all", () => {
	expect(followMigration("replicate", report("caught-up"))).toEqual({ kind: "wait" });
	expect(followMigration("cut-over", report("following"))).toEqual({ kind: "wait" });
	expect(followMigration("cut-over", report("caught-up"))).toMatchObject({ phase: "lead" });
	expect(followMigration("lead", report("caught-up"))).toEqual({ kind: "wait" });
	expect(followMigration("lead", report("leading"))).toMatchObject({ state: "completed" });
	expect(followMigration("cut-over", null)).toEqual({ kind: "wait" });
});

test("a cut-over that took too long is taken back, and says why", () => {
	const step = followMigration("cut-over", report("following", "too long"));
	expect(step).toEqual({ kind: "phase", phase: "replicate", reason: "too long" });
});

test("a migration fails with the agent's reason, but not once the cache leads", () => {
	const failed = report("failed", "no");
	expect(followMigration("replicate", failed)).toMatchObject({ state: "failed", reason: "no" });
	expect(followMigration("lead", failed)).toEqual({ kind: "wait" });
});

test("a canceled migration ends once the engine is empty", () => {
	expect(followMigration("cancel", report("following"))).toEqual({ kind: "wait" });
	expect(followMigration("cancel", report("emptied"))).toMatchObject({ state: "canceled" });
});
