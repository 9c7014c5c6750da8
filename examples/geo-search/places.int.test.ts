import { expect, test } from "vitest";
import { startEngine } from "../../patterns/testing/engines.ts";
import { openRedis } from "../../patterns/testing/item-database.ts";
import { isPosition, Places } from "./places.ts";

test("the nearest places come first, with their distance; a place that moved is found where it is", async () => {
	const engine = await startEngine("redis", "7");
	const client = openRedis(engine.port);
	const places = new Places(client);
	const center = { longitude: 13.405, latitude: 52.52 };
	try {
		await places.put("tower", { longitude: 13.4094, latitude: 52.5208 });
		await places.put("gate", { longitude: 13.3777, latitude: 52.5163 });
		await places.put("Paris", { longitude: 2.3522, latitude: 48.8566 });
		const near = await places.findNear(center, 5_000, 10);
		expect(near.map(({ name }) => name)).toEqual(["tower", "gate"]);
		expect(near[0]?.meters).toBeCloseTo(311, -1);
		expect(near[1]?.meters).toBeCloseTo(1_893, -2);
		await places.put("Paris", { longitude: 13.4051, latitude: 52.52 });
		expect((await places.findNear(center, 5_000, 1)).map(({ name }) => name)).toEqual(["Paris"]);
		await places.remove("Paris");
		expect(await places.findNear(center, 100, 10)).toEqual([]);
		expect(isPosition({ longitude: 200, latitude: 0 })).toBe(false);
		expect(isPosition({ longitude: Number.NaN, latitude: 0 })).toBe(false);
	} finally {
		client.disconnect();
		await engine.stop();
	}
});
