import pg from "pg";
import { expect, inject, test } from "vitest";
import { waitUntil } from "../../e2e/fixtures/wait-until.ts";
import { startEngine } from "../../patterns/testing/engines.ts";
import { openRedis } from "../../patterns/testing/item-database.ts";
import { createCatalog } from "./catalog.ts";

test("reads come from the cache, and every change of the database is seen, whoever makes it", async () => {
	const connectionString = inject("postgresUrl");
	const engine = await startEngine("valkey", "9");
	const client = openRedis(engine.port);
	const pool = new pg.Pool({ connectionString });
	const catalog = await createCatalog({
		...{ client, pool },
		async connectFeed() {
			const connection = new pg.Client({ connectionString });
			await connection.connect();
			return connection;
		},
	});
	try {
		expect((await catalog.find("42"))?.name).toBe("Product 42");
		for (let read = 0; read < 20; read += 1) await catalog.find("42");
		expect(await catalog.find("none")).toBeUndefined();
		expect(await catalog.find("none")).toBeUndefined();
		expect(catalog.stats().queries).toBe(2);
		expect([...(await catalog.findMany(["1", "2", "42", "none"])).keys()]).toEqual([
			"1",
			"2",
			"42",
		]);
		expect(catalog.stats().queries).toBe(3);

		const saved = await catalog.save({ id: "42", name: "Lamp", cents: 1_999 });
		expect(saved).toEqual({ id: "42", name: "Lamp", cents: 1_999, version: 2 });
		expect(await catalog.find("42")).toEqual(saved);
		await pool.query("UPDATE products SET cents = 1 WHERE id = '42'");
		await waitUntil("the change to arrive", async () => (await catalog.find("42"))?.cents === 1);
		await pool.query("INSERT INTO products (id, name, cents) VALUES ('none', 'Now there', 5)");
		await waitUntil("it to be there", async () => (await catalog.find("none"))?.cents === 5);
	} finally {
		await catalog.close();
		await pool.query("DROP TABLE products");
		await pool.end();
		client.disconnect();
		await engine.stop();
	}
});
