import { expect, it } from "vitest";
import { KeyedQueue } from "./keyed-queue.ts";

/** A queue whose work waits to be let go, key by key. */
function heldQueue(concurrency: number) {
	const started: string[] = [];
	const errors: string[] = [];
	const release = new Map<string, (error?: Error) => void>();
	const queue = new KeyedQueue({
		concurrency,
		work: (key) => {
			started.push(key);
			return new Promise((resolve, reject) =>
				release.set(key, (error) => (error ? reject(error) : resolve())),
			);
		},
		onError: (key) => errors.push(key),
	});
	const finish = async (key: string, error?: Error) => {
		release.get(key)?.(error);
		await new Promise((resolve) => setImmediate(resolve));
	};
	return { queue, started, errors, finish };
}

it("never runs one key twice at once, and runs it again if asked meanwhile", async () => {
	const { queue, started, finish } = heldQueue(4);
	queue.add("a");
	queue.add("a");
	queue.add("a");
	expect(started).toEqual(["a"]);
	await finish("a");
	expect(started).toEqual(["a", "a"]);
	await finish("a");
	expect(started).toEqual(["a", "a"]);
});

it("keeps to its concurrency", async () => {
	const { queue, started, finish } = heldQueue(2);
	for (const key of ["a", "b", "c"]) queue.add(key);
	expect(started).toEqual(["a", "b"]);
	await finish("b");
	expect(started).toEqual(["a", "b", "c"]);
});

it("reports a failure and goes on", async () => {
	const { queue, started, errors, finish } = heldQueue(1);
	queue.add("a");
	queue.add("b");
	await finish("a", new Error("no"));
	expect(errors).toEqual(["a"]);
	expect(started).toEqual(["a", "b"]);
});

it("stops once what runs is done", async () => {
	const { queue, started, finish } = heldQueue(1);
	queue.add("a");
	queue.add("b");
	const stopped = queue.stop();
	await finish("a");
	await stopped;
	expect(started).toEqual(["a"]);
});
