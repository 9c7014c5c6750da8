import { expect, it } from "vitest";
import { PROTECTION_LINGERS_MS, requiresFinalSnapshot } from "./final-snapshot.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const ago = (ms: number) => new Date(NOW.getTime() - ms);
const CACHE = {
	...{ engine: "valkey", deletionProtection: false, protectionEndedAt: null },
	availableAt: ago(86_400_000),
};
const required = (change: object) => requiresFinalSnapshot({ ...CACHE, ...change }, NOW);

it("data of a protected cache has to be kept, and for an hour after protection was turned off", () => {
	expect(required({})).toBe(false);
	expect(required({ deletionProtection: true })).toBe(true);
	expect(required({ protectionEndedAt: ago(0) })).toBe(true);
	expect(required({ protectionEndedAt: ago(PROTECTION_LINGERS_MS - 1) })).toBe(true);
	expect(required({ protectionEndedAt: ago(PROTECTION_LINGERS_MS) })).toBe(false);
});

it("a cache without data that could be saved needs no snapshot", () => {
	expect(required({ deletionProtection: true, engine: "memcached" })).toBe(false);
	expect(required({ deletionProtection: true, availableAt: null })).toBe(false);
});
