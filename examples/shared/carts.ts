import type { Redis } from "ioredis";

/**
 * Shopping carts: a hash for each session. Unlike a cart within a session that is read and written whole, two requests of
 * one visitor at the same time don't undo each other. Each method can be carried out twice.
 */
export class Carts {
	readonly #client: Redis;
	readonly #ttlSeconds: number;

	constructor(client: Redis, ttlSeconds: number) {
		this.#client = client;
		this.#ttlSeconds = ttlSeconds;
	}

	/** Sets how many of a product are in the cart; 0 removes it. */
	async put(sessionId: string, product: string, quantity: number): Promise<void> {
		const key = keyOf(sessionId);
		const change = this.#client.multi();
		if (quantity === 0) change.hdel(key, product);
		else change.hset(key, product, quantity);
		await change.expire(key, this.#ttlSeconds).exec();
	}

	/** Quantities by product. */
	async read(sessionId: string): Promise<Record<string, number>> {
		const fields = await this.#client.hgetall(keyOf(sessionId));
		return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, Number(text)]));
	}

	/** A visitor who signs in takes the cart along: the session gets a new id then. */
	async move(from: string, to: string): Promise<void> {
		if ((await this.#client.exists(keyOf(from))) === 1) {
			await this.#client.rename(keyOf(from), keyOf(to));
		}
	}

	async remove(sessionId: string): Promise<void> {
		await this.#client.del(keyOf(sessionId));
	}
}

function keyOf(sessionId: string): string {
	return `cart:${sessionId}`;
}
