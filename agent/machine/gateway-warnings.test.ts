import { expect, test } from "vitest";
import { CONNECTIONS_MAX } from "../gateway/max-connections.ts";
import { gatewayWarnings } from "./gateway-warnings.ts";

test("a gateway warns once it has no connection left, until it has some to spare", () => {
	const warns = (connections: number, wasFull: boolean) =>
		gatewayWarnings({ connections, max: 6_496 }, wasFull).length > 0;
	expect(warns(6_495, false)).toBe(false);
	expect(warns(6_496, false)).toBe(true);
	expect(warns(6_300, true)).toBe(true);
	expect(warns(6_100, true)).toBe(false);
	expect(gatewayWarnings(null, true)).toEqual([]);
});

test("only a limit that the machine sets can be raised", () => {
	const remedyAt = (max: number) => gatewayWarnings({ connections: max, max }, false)[0]?.remedy;
	expect(remedyAt(6_496)).toContain("limit on open files");
	expect(remedyAt(CONNECTIONS_MAX)).not.toContain("limit on open files");
});
