import fc from "fast-check";
import { expect, it } from "vitest";
import { isSafeMode } from "./safe-mode.ts";

const SECOND = 1_000;
const reporting = (count: number) => Array.from({ length: count }, () => ({ silentSince: null }));
const silent = (count: number, apartMs = 0) =>
	Array.from({ length: count }, (_, index) => ({ silentSince: new Date(index * apartMs) }));

it.each([
	{ of: 1, gone: 1, is: false },
	{ of: 2, gone: 1, is: false },
	{ of: 2, gone: 2, is: true },
	{ of: 3, gone: 1, is: false },
	{ of: 3, gone: 2, is: true },
	{ of: 5, gone: 2, is: false },
	{ of: 5, gone: 3, is: true },
	{ of: 6, gone: 2, is: false },
	{ of: 100, gone: 34, is: false },
	{ of: 100, gone: 50, is: true },
])("$gone of $of hosts together: $is", ({ of, gone, is }) => {
	expect(isSafeMode([...silent(gone), ...reporting(of - gone)])).toBe(is);
});

it("hosts that go one after another are replaced one after another", () => {
	expect(isSafeMode([...silent(2, 60 * SECOND), ...reporting(1)])).toBe(false);
	expect(isSafeMode([...silent(2, 20 * SECOND), ...reporting(1)])).toBe(true);
});

it("an earlier loss doesn't hide hosts that go together later", () => {
	const hosts = [
		{ silentSince: new Date(0) },
		{ silentSince: new Date(3_600 * SECOND) },
		{ silentSince: new Date(3_601 * SECOND) },
		...reporting(1),
	];
	expect(isSafeMode(hosts)).toBe(true);
});

it("ends once enough hosts return, and never begins with fewer than two silent", () => {
	const host = fc.record({
		silentSince: fc.option(fc.date({ noInvalidDate: true }), { nil: null }),
	});
	fc.assert(
		fc.property(fc.array(host, { maxLength: 12 }), (hosts) => {
			const count = hosts.filter(({ silentSince }) => silentSince !== null).length;
			if (count < 2 || count < hosts.length / 2) expect(isSafeMode(hosts)).toBe(false);
		}),
	);
});
