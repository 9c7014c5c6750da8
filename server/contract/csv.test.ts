import { expect, test } from "vitest";
import { toCsv } from "./csv.ts";

test("cells are quoted where they must be, and never a formula", () => {
	const rows = [
		{ key: 'a "b", c', cost: 1.5 },
		{ key: "=HYPERLINK(1)", cost: -2 },
		{ key: null, cost: 0 },
	];
	expect(toCsv(["key", "cost"], rows)).toBe(
		'key,cost\r\n"a ""b"", c",1.5\r\n\'=HYPERLINK(1),-2\r\n,0\r\n',
	);
});
