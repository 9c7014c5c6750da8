import type { Redis } from "ioredis";

export interface PageFigures {
	readonly page: string;
	readonly views: number;
	/** An estimate, within about one percent. */
	readonly visitors: number;
}

const MINUTE_MS = 60_000;
const KEPT_S = 3_600;
/** How long a view that is sent again is recognized. Seconds. */
const RECOGNIZED_S = 600;

/** Counts a view once, however often it is sent. All keys have one hash tag, as a script in a cluster needs. */
const RECORD = `
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then return 0 end
redis.call('ZINCRBY', KEYS[2], 1, ARGV[3])
redis.call('PFADD', KEYS[3], ARGV[4])
for key = 2, 3 do redis.call('EXPIRE', KEYS[key], ARGV[1]) end
return 1`;

/** Views and distinct visitors of pages, minute by minute: counters and HyperLogLogs that stay small however many come. */
export class Analytics {
	readonly #client: Redis;
	readonly #now: () => number;

	constructor(client: Redis, now: () => number = Date.now) {
		this.#client = client;
		this.#now = now;
	}

	/** The sender gives each view an id. Resolves to whether it was new. */
	async record(id: string, page: string, visitor: string): Promise<boolean> {
		const minute = Math.floor(this.#now() / MINUTE_MS);
		const keys = [`{analytics}:seen:${id}`, viewsOf(minute), visitorsOf(minute, page)] as const;
		const counted = await this.#client.eval(
			RECORD,
			keys.length,
			...keys,
			KEPT_S,
			RECOGNIZED_S,
			page,
			visitor,
		);
		return counted === 1;
	}

	/** The pages with the most views in the last minutes, this one included. */
	async top(minutes: number, count: number): Promise<PageFigures[]> {
		const last = Math.floor(this.#now() / MINUTE_MS);
		const range = Array.from({ length: minutes }, (_, ago) => last - ago);
		const views = new Map<string, number>();
		for (const minute of range) {
			const flat = await this.#client.zrevrange(viewsOf(minute), 0, -1, "WITHSCORES");
			for (let at = 0; at < flat.length; at += 2) {
				const page = flat[at] ?? "";
				views.set(page, (views.get(page) ?? 0) + Number(flat[at + 1]));
			}
		}
		const most = [...views].sort((a, b) => b[1] - a[1]).slice(0, count);
		return Promise.all(
			most.map(async ([page, number]) => {
				const keys = range.map((minute) => visitorsOf(minute, page));
				return { page, views: number, visitors: await this.#client.pfcount(...keys) };
			}),
		);
	}
}

function viewsOf(minute: number): string {
	return `{analytics}:views:${minute}`;
}

function visitorsOf(minute: number, page: string): string {
	return `{analytics}:visitors:${minute}:${page}`;
}
