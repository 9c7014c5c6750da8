import { RedisStore } from "connect-redis";
import express, { type Express, type Request } from "express";
import session from "express-session";
import type { Redis } from "ioredis";
import { Carts, waitForReplicas } from "larder-examples-shared";

const TTL_SECONDS = 24 * 60 * 60;

declare module "express-session" {
	interface SessionData {
		user: string;
		hasCart: true;
	}
}

/** A shop whose sessions and carts are in the cache, so any of its processes can answer any request. */
export function createShop(client: Redis, secret: string): Express {
	const carts = new Carts(client, TTL_SECONDS);
	const shop = express();
	shop.disable("x-powered-by");
	shop.use(express.json({ type: () => true }));
	shop.use(
		session({
			...{ secret, resave: false, saveUninitialized: false },
			store: new RedisStore({ client, prefix: "session:", ttl: TTL_SECONDS }),
			cookie: {
				...{ httpOnly: true, sameSite: "lax", maxAge: TTL_SECONDS * 1_000 },
				secure: process.env.NODE_ENV === "production",
			},
		}),
	);

	shop.post("/login", async (request, response) => {
		const { user } = Object(request.body);
		if (typeof user !== "string" || user === "") {
			response.status(400).json({ error: 'Give {"user": name}' });
			return;
		}
		const visitorId = request.sessionID;
		// A new id, so that nobody who knew the visitor's is signed in with it.
		await settled((done) => request.session.regenerate(done));
		request.session.user = user;
		await settled((done) => request.session.save(done));
		await carts.move(visitorId, request.sessionID);
		await waitForReplicas(client);
		response.status(201).json({ user });
	});

	shop.get("/me", (request, response) => {
		const { user } = request.session;
		if (user === undefined) response.status(401).json({ error: "Nobody is signed in" });
		else response.json({ user });
	});

	shop.put("/cart/:product", async (request, response) => {
		const { quantity } = Object(request.body);
		if (!Number.isInteger(quantity) || quantity < 0 || quantity > 1_000) {
			response.status(400).json({ error: 'Give {"quantity": 0 to 1000}' });
			return;
		}
		await carts.put(request.sessionID, request.params.product, quantity);
		await keepSession(request);
		await waitForReplicas(client);
		response.json(await carts.read(request.sessionID));
	});

	shop.get("/cart", async (request, response) => {
		response.json(await carts.read(request.sessionID));
	});

	shop.post("/logout", async (request, response) => {
		await carts.remove(request.sessionID);
		await settled((done) => request.session.destroy(done));
		await waitForReplicas(client);
		response.status(204).end();
	});
	return shop;
}

/** A visitor who isn't signed in gets a session, and its cookie, with the first product. */
async function keepSession(request: Request): Promise<void> {
	// express-session sends a new visitor's cookie only if something is in the session.
	request.session.hasCart = true;
	await settled((done) => request.session.save(done));
}

function settled(start: (done: (error?: unknown) => void) => void): Promise<void> {
	return new Promise((resolve, reject) => {
		start((error) => (error ? reject(error) : resolve()));
	});
}
