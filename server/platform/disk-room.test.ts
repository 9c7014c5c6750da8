import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { isDiskFull, saysDiskFull } from "./disk-room.ts";

test("a full disk is recognized through whatever wrapped the error", () => {
	const full = Object.assign(new Error("write failed"), { code: "ENOSPC" });
	expect(saysDiskFull(full)).toBe(true);
	expect(saysDiskFull(new Error("statement failed", { cause: full }))).toBe(true);
	const database = 'could not extend file "base/5/1259": No space left on device';
	expect(saysDiskFull(new Error(`Invalid invocation\n${database}`))).toBe(true);
	expect(saysDiskFull(new Error("no such table"))).toBe(false);
	expect(saysDiskFull("No space left on device")).toBe(false);
});

test("a disk with room isn't full, and a disk that can't be checked doesn't count as full", () => {
	expect(isDiskFull(tmpdir())).toBe(false);
	expect(isDiskFull("/proc/none")).toBe(false);
});
