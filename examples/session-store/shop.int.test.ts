import { once } from "node:events";
import { expect, test } from "vitest";
import { startEngine } from "../../patterns/testing/engines.ts";
import { openRedis } from "../../patterns/testing/item-database.ts";
import { createShop } from "./shop.ts";

test("a visitor's cart goes along at sign-in, with any process of the shop, and ends at sign-out", async () => {
	const engine = await startEngine("valkey", "9");
	const clients = [openRedis(engine.port), openRedis(engine.port)] as const;
	const servers = clients.map((client) => createShop(client, "secret").listen(0, "127.0.0.1"));
	await Promise.all(servers.map((server) => once(server, "listening")));
	let cookie = "";
	let calls = 0;
	/** Each call goes to the other process. */
	const call = async (method: string, path: string, body?: object) => {
		calls += 1;
		const address = servers[calls % servers.length]?.address();
		const port = typeof address === "object" ? address?.port : 0;
		const response = await fetch(`http://127.0.0.1:${port}${path}`, {
			...{ method, headers: { cookie } },
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
		const text = await response.text();
		return { status: response.status, body: text === "" ? null : JSON.parse(text) };
	};
	try {
		expect((await call("GET", "/me")).status).toBe(401);
		expect(cookie).toBe("");
		expect((await call("PUT", "/cart/tea", { quantity: -1 })).status).toBe(400);
		await call("PUT", "/cart/tea", { quantity: 2 });
		await Promise.all([
			call("PUT", "/cart/milk", { quantity: 1 }),
			call("PUT", "/cart/sugar", { quantity: 3 }),
		]);
		const visitor = cookie;
		expect((await call("POST", "/login", { user: "ada" })).status).toBe(201);
		expect(cookie).not.toBe(visitor);
		expect((await call("GET", "/me")).body).toEqual({ user: "ada" });
		await call("PUT", "/cart/sugar", { quantity: 0 });
		expect((await call("GET", "/cart")).body).toEqual({ tea: 2, milk: 1 });
		const keys = await clients[0].keys("*");
		expect(await Promise.all(keys.map((key) => clients[0].ttl(key)))).toSatisfy((ttls: number[]) =>
			ttls.every((ttl) => ttl > 86_000),
		);
		await call("POST", "/logout");
		expect((await call("GET", "/me")).status).toBe(401);
		expect(await clients[0].keys("*")).toEqual([]);
	} finally {
		for (const server of servers) server.close();
		for (const client of clients) client.disconnect();
		await engine.stop();
	}
});
