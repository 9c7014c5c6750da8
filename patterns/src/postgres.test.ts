import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { invalidateFromPostgres, type PostgresClient } from "./postgres.ts";

const cache = {
	invalidated: [] as string[],
	async invalidate(key: string) {
		if (key === "bad") throw new Error("a listener failed");
		this.invalidated.push(key);
		return true;
	},
	invalidateTag: async () => true,
};
const clock = { now: Date.now, random: Math.random, sleep: async () => undefined };

/** A connection that refuses LISTEN if it is told to. */
class Connection extends EventEmitter implements PostgresClient {
	isOpen = true;
	readonly refuses: boolean;

	constructor(refuses: boolean) {
		super();
		this.refuses = refuses;
	}

	async query() {
		if (this.refuses) throw new Error("no permission");
	}

	async end() {
		this.isOpen = false;
		this.emit("end");
	}
}

/** Opens one connection for each answer. */
function connections(...refusals: boolean[]) {
	const opened: Connection[] = [];
	return {
		opened,
		async connect() {
			const next = refusals[opened.length];
			if (next === undefined) throw new Error("there are no more connections");
			const connection = new Connection(next);
			opened.push(connection);
			return connection;
		},
	};
}

it("a connection that can't listen is closed, and nothing is tried behind the caller's back", async () => {
	const { opened, connect } = connections(true, false);
	await expect(invalidateFromPostgres({ connect, cache, clock, channel: "c" })).rejects.toThrow(
		"no permission",
	);
	expect(opened.map(({ isOpen }) => isOpen)).toEqual([false]);
});

it("after a lost connection there is one again, whatever fails on the way, and none after the end", async () => {
	const { opened, connect } = connections(false, true, true, false);
	let back: () => void = () => undefined;
	const isBack = new Promise<void>((resolve) => {
		back = resolve;
	});
	const end = await invalidateFromPostgres({
		...{ connect, cache, clock, channel: "c" },
		onGap: (error) => error === null && back(),
	});
	opened[0]?.emit("error", new Error("lost"));
	await isBack;
	expect(opened.map(({ isOpen }) => isOpen)).toEqual([false, false, false, true]);
	for (const payload of ["bad", "good"]) opened[3]?.emit("notification", { payload });
	await end();
	expect(cache.invalidated).toEqual(["good"]);
	expect(opened).toHaveLength(4);
	expect(opened[3]?.isOpen).toBe(false);
});
