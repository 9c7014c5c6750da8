import { expect, test } from "vitest";
import { clockWarning } from "./clock-warning.ts";

test("a clock that is off by more than a second causes a warning that says what it means", () => {
	for (const ms of [null, 0, 1_000, -1_000]) expect(clockWarning("h1", ms)).toBeNull();
	expect(clockWarning("h1", 3_000)).toMatch(/^The clock of h1 is 3\.0 s ahead of .* too early /);
	expect(clockWarning("h1", -3_600_000)).toMatch(/is 60 minutes behind .* too late /);
	expect(clockWarning("h1", -8 * 86_400_000)).toContain("8 days");
});
