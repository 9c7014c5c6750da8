import { expect, test } from "vitest";
import { startEngine } from "../../patterns/testing/engines.ts";
import { openRedis } from "../../patterns/testing/item-database.ts";
import { Analytics } from "./analytics.ts";

test("views are counted once, visitors are estimated, and old minutes don't count", async () => {
	const engine = await startEngine("valkey", "9");
	const client = openRedis(engine.port);
	let now = 1_700_000_000_000;
	const analytics = new Analytics(client, () => now);
	try {
		const views = Array.from({ length: 3_000 }, (_, n) => n);
		await Promise.all(views.map((n) => analytics.record(`a${n}`, "/home", `visitor ${n % 1_000}`)));
		await analytics.record("b1", "/cart", "visitor 1");
		expect(await analytics.record("b1", "/cart", "visitor 1")).toBe(false);
		const [home, cart] = await analytics.top(5, 10);
		expect(home).toMatchObject({ page: "/home", views: 3_000 });
		expect(Math.abs((home?.visitors ?? 0) - 1_000)).toBeLessThan(30);
		expect(cart).toEqual({ page: "/cart", views: 1, visitors: 1 });

		now += 2 * 60_000;
		await analytics.record("c1", "/home", "visitor 1");
		expect((await analytics.top(5, 1))[0]?.views).toBe(3_001);
		expect(await analytics.top(1, 10)).toEqual([{ page: "/home", views: 1, visitors: 1 }]);
	} finally {
		client.disconnect();
		await engine.stop();
	}
});
