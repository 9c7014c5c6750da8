import { expect, test } from "vitest";
import { niceMaximum } from "./nice-maximum.ts";

test("an axis ends with a round number that isn't below the largest value", () => {
	expect([0, 0.03, 1, 1.1, 2.7, 4.2, 9, 730].map(niceMaximum)).toEqual([
		1, 0.03, 1, 2, 3, 6, 10, 800,
	]);
});
