import { expect, test } from "vitest";
import { boundsOf, costsInputs, daysOf } from "./period.ts";

const now = Date.parse("2026-12-31T23:10:00Z");

test("periods begin and end with whole days, in UTC", () => {
	expect(boundsOf("month", now)).toEqual({ from: "2026-12-01T00:00:00.000Z" });
	expect(boundsOf("last-month", now)).toEqual({
		from: "2026-11-01T00:00:00.000Z",
		to: "2026-12-01T00:00:00.000Z",
	});
	expect(daysOf("month", now)).toHaveLength(31);
	expect(daysOf("last-month", now).at(-1)).toBe("2026-11-30");
	expect(daysOf("30d", now)).toHaveLength(30);
	expect(daysOf("30d", now).at(-1)).toBe("2026-12-31");
});

test("nothing is grouped by a tag before one is chosen", () => {
	const groups = (query: string) => costsInputs(new URLSearchParams(query), now).groups;
	expect(groups("by=tag")).toMatchObject({ groupBy: "cache" });
	expect(groups("by=tag&tag=team")).toMatchObject({ groupBy: "tag", tagKey: "team" });
	expect(groups("by=engine&tag=team")).not.toHaveProperty("tagKey");
	expect(groups("by=nonsense&period=nonsense")).toMatchObject({ groupBy: "cache" });
});
