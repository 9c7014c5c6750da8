import { describe, expect, it } from "vitest";
import { backupKey, expiredBackups, nextBackupAt } from "./backup-due.ts";

const at = (hours: number) => new Date(Date.UTC(2026, 0, 1) + hours * 3_600_000);

describe("the next backup is due", () => {
	it.each([
		["at once", { lastAttemptAt: null, lastSuccessAt: null, lastError: null }, new Date(0)],
		["a period later", { lastAttemptAt: at(1), lastSuccessAt: at(1.1), lastError: null }, at(25)],
		[
			"soon after a failure",
			{ lastAttemptAt: at(1), lastSuccessAt: at(0), lastError: "x" },
			at(1.25),
		],
		[
			"soon after a crash",
			{ lastAttemptAt: at(1), lastSuccessAt: at(0), lastError: null },
			at(1.25),
		],
	])("%s", (_when, row, expected) => {
		expect(nextBackupAt({ everyHours: 24, ...row })).toEqual(expected);
	});
});

it("keeps the newest, and deletes nothing that isn't a backup", () => {
	const keys = [3, 1, 2].map((hours) => backupKey(at(hours)));
	expect(keys[0]).toBe("control-plane/larder-20260101T030000Z.backup");
	const others = ["control-plane/notes.txt", "control-plane/larder-2020.backup"];
	expect(expiredBackups([...others, ...keys], 2)).toEqual([keys[1]]);
	expect(expiredBackups([...others, ...keys], 3)).toEqual([]);
	expect(expiredBackups(others, 1)).toEqual([]);
});
