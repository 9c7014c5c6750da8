import { expect, test } from "vitest";
import { startEngine } from "../../patterns/testing/engines.ts";
import { openRedis } from "../../patterns/testing/item-database.ts";
import { PUT as putIntoCart } from "./app/cart/[product]/route.ts";
import { GET as readCart } from "./app/cart/route.ts";
import { POST as login } from "./app/login/route.ts";
import { POST as logout } from "./app/logout/route.ts";
import { GET as me } from "./app/me/route.ts";
import { Sessions } from "./sessions.ts";
import { replaceSessions } from "./shop-sessions.ts";

test("a visitor's cart goes along at sign-in, and ends at sign-out", async () => {
	const engine = await startEngine("valkey", "9");
	const client = openRedis(engine.port);
	replaceSessions(new Sessions(client));
	let cookie = "";
	const call = async (
		route: (request: Request) => Promise<Response>,
		method: string,
		body?: unknown,
	) => {
		const response = await route(
			new Request("http://shop.test/", {
				...{ method, headers: { cookie } },
				...(body !== undefined && { body: JSON.stringify(body) }),
			}),
		);
		cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
		const text = await response.text();
		return { status: response.status, body: text === "" ? null : JSON.parse(text) };
	};
	const put = (product: string, quantity: unknown) =>
		call((request) => putIntoCart(request, { params: Promise.resolve({ product }) }), "PUT", {
			quantity,
		});
	try {
		expect((await call(me, "GET")).status).toBe(401);
		expect((await put("tea", -1)).status).toBe(400);
		expect(cookie).toBe("");
		await put("tea", 2);
		await Promise.all([put("milk", 1), put("sugar", 3)]);
		const visitor = cookie;
		expect((await call(login, "POST", { user: "" })).status).toBe(400);
		expect((await call(login, "POST", { user: "ada" })).status).toBe(201);
		expect(cookie).not.toBe(visitor);
		expect((await call(me, "GET")).body).toEqual({ user: "ada" });
		await put("sugar", 0);
		expect((await call(readCart, "GET")).body).toEqual({ tea: 2, milk: 1 });
		const keys = await client.keys("*");
		expect(keys).toHaveLength(2);
		for (const key of keys) expect(await client.ttl(key)).toBeGreaterThan(86_000);
		const signedIn = cookie;
		await call(logout, "POST");
		cookie = signedIn;
		expect((await call(me, "GET")).status).toBe(401);
		expect(await client.keys("*")).toEqual([]);
		// An id that a stranger made up isn't taken over.
		cookie = "sid=made-up";
		await put("tea", 1);
		expect(cookie).not.toBe("sid=made-up");
	} finally {
		replaceSessions(null);
		client.disconnect();
		await engine.stop();
	}
});
