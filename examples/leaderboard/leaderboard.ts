import type { Redis } from "ioredis";

export interface Standing {
	readonly player: string;
	readonly score: number;
	/** The best has 1. */
	readonly rank: number;
}

const BOARD = "leaderboard";

/** Best scores of players in one sorted set. */
export class Leaderboard {
	readonly #client: Redis;

	constructor(client: Redis) {
		this.#client = client;
	}

	/** Keeps the player's best score. It may be carried out twice without harm. */
	async submit(player: string, score: number): Promise<void> {
		await this.#client.zadd(BOARD, "GT", score, player);
	}

	async submitMany(scores: ReadonlyMap<string, number>): Promise<void> {
		const members = [...scores].flatMap(([player, score]) => [score, player]);
		await this.#client.zadd(BOARD, "GT", ...members);
	}

	top(count: number): Promise<Standing[]> {
		return this.#range(0, count - 1);
	}

	/** A player's standing and those of up to `around` players above and below; null without a score. */
	async find(player: string, around: number): Promise<Standing[] | null> {
		const rank = await this.#client.zrevrank(BOARD, player);
		return rank === null ? null : this.#range(Math.max(0, rank - around), rank + around);
	}

	count(): Promise<number> {
		return this.#client.zcard(BOARD);
	}

	async #range(first: number, last: number): Promise<Standing[]> {
		const flat = await this.#client.zrevrange(BOARD, first, last, "WITHSCORES");
		return Array.from({ length: flat.length / 2 }, (_, index) => ({
			player: flat[index * 2] ?? "",
			score: Number(flat[index * 2 + 1]),
			rank: first + index + 1,
		}));
	}
}
