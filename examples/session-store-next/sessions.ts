import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { Carts, waitForReplicas } from "larder-examples-shared";

export interface Session {
	readonly id: string;
	/** Null before the visitor signs in. */
	readonly user: string | null;
}

/** Where sessions and carts end after so long without a change. */
export const TTL_SECONDS = 24 * 60 * 60;
const USER = "user";
const BEGAN = "began";

/**
 * Sessions and their carts in the cache, so any process of the shop can answer any request. Changes resolve once as many
 * replicas as CACHE_REPLICAS says have them.
 */
export class Sessions {
	readonly #client: Redis;
	readonly #carts: Carts;

	constructor(client: Redis) {
		this.#client = client;
		this.#carts = new Carts(client, TTL_SECONDS);
	}

	/** Null for an id that nobody was given, or whose session has ended. */
	async find(id: string | null): Promise<Session | null> {
		if (id === null) return null;
		const fields = await this.#client.hgetall(keyOf(id));
		return fields[BEGAN] === undefined ? null : { id, user: fields[USER] ?? null };
	}

	/** Gives the visitor a new id, so that nobody who knew the former one is signed in with it. The cart moves along. */
	async signIn(before: Session | null, user: string): Promise<Session> {
		const session = await this.#begin(user);
		if (before !== null) {
			await this.#carts.move(before.id, session.id);
			await this.#client.del(keyOf(before.id));
		}
		await waitForReplicas(this.#client);
		return session;
	}

	async signOut({ id }: Session): Promise<void> {
		await this.#carts.remove(id);
		await this.#client.del(keyOf(id));
		await waitForReplicas(this.#client);
	}

	readCart(session: Session | null): Promise<Record<string, number>> {
		return session === null ? Promise.resolve({}) : this.#carts.read(session.id);
	}

	/** Sets how many of a product are in the cart; a visitor gets a session with the first one. */
	async putIntoCart(
		present: Session | null,
		product: string,
		quantity: number,
	): Promise<{ session: Session; cart: Record<string, number> }> {
		const session = present ?? (await this.#begin(null));
		await this.#client.expire(keyOf(session.id), TTL_SECONDS);
		await this.#carts.put(session.id, product, quantity);
		await waitForReplicas(this.#client);
		return { session, cart: await this.#carts.read(session.id) };
	}

	async #begin(user: string | null): Promise<Session> {
		const id = randomBytes(32).toString("base64url");
		const fields = { [BEGAN]: new Date().toISOString(), ...(user !== null && { [USER]: user }) };
		await this.#client.multi().hset(keyOf(id), fields).expire(keyOf(id), TTL_SECONDS).exec();
		return { id, user };
	}
}

function keyOf(id: string): string {
	return `session:${id}`;
}
