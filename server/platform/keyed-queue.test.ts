import { expect, it } from "vitest";
import { KeyedQueue } from "./keyed-queue.ts";

/** A queue whose work waits until the test releases it, by its keys. `needsWork` is what sifting finds. */
function heldQueue(concurrency: number, batch = 1, needsWork: readonly string[] = []) {
	const started: string[] = [];
	const errors: string[] = [];
	const release = new Map<string, (error?: Error) => void>();
	const work = (key: string) => {
		started.push(key);
		return new Promise<void>((resolve, reject) =>
			release.set(key, (error) => (error ? reject(error) : resolve())),
		);
	};
	const queue = new KeyedQueue({
		...{ concurrency, batch, batchesAtOnce: 1, work },
		workTogether: (keys) => work(keys.join("+")),
		async sift(keys) {
			await work(`sift ${keys.join("+")}`);
			return keys.filter((key) => needsWork.includes(key));
		},
		onError: (keys) => errors.push(...keys),
	});
	const finish = async (key: string, error?: Error) => {
		release.get(key)?.(error);
		await new Promise((resolve) => setImmediate(resolve));
	};
	return { queue, started, errors, finish };
}

it("never runs one key twice at the same time, and runs it again if asked meanwhile", async () => {
	const { queue, started, finish } = heldQueue(5);
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
	const { queue, started, finish } = heldQueue(4);
	for (const key of ["a", "b", "c"]) queue.add(key);
	expect(started).toEqual(["a", "b"]);
	await finish("b");
	expect(started).toEqual(["a", "b", "c"]);
});

it("lets urgent keys overtake others", async () => {
	const { queue, started, finish } = heldQueue(3);
	for (const key of ["a", "b", "c"]) queue.add(key);
	for (const key of ["x", "y", "z", "c"]) queue.addUrgent([key]);
	expect(started).toEqual(["a", "x", "y"]);
	await finish("a");
	await finish("x");
	expect(started).toEqual(["a", "x", "y", "z", "c"]);
	for (const key of ["y", "z", "c"]) await finish(key);
	expect(started).toEqual(["a", "x", "y", "z", "c", "b"]);
});

it("takes keys that are requested urgently together in one batch", async () => {
	const { queue, started, finish } = heldQueue(3, 3);
	queue.addUrgent(["a", "b", "c", "d"]);
	expect(started).toEqual(["a+b+c"]);
	await finish("a+b+c");
	expect(started).toEqual(["a+b+c", "d"]);
});

it("keeps an urgent key urgent when it is requested again", async () => {
	const { queue, started, finish } = heldQueue(3);
	queue.addUrgent(["a"]);
	queue.addUrgent(["b"]);
	queue.add("c");
	queue.addUrgent(["d"]);
	queue.add("d");
	await finish("a");
	expect(started).toEqual(["a", "b", "d"]);
});

it("takes several urgent keys together, one batch at a time, and what they need next before other work", async () => {
	const { queue, started, finish } = heldQueue(3, 3);
	for (const key of ["a", "b"]) queue.add(key);
	for (const key of ["x", "y", "c", "d", "e", "f", "x"]) queue.addUrgent([key]);
	expect(started).toEqual(["a", "x", "y"]);
	queue.addNext("i");
	await finish("y");
	// x is running.
	expect(started.slice(3)).toEqual(["c+d+e"]);
	await finish("a");
	expect(started.slice(4)).toEqual(["i"]);
	await finish("x");
	await finish("i");
	expect(started.slice(5)).toEqual([]);
	await finish("c+d+e");
	expect(started.slice(5)).toEqual(["f+x"]);
	await finish("f+x");
	expect(started.slice(6)).toEqual(["b"]);
});

it("sifts keys when many wait, works for those that need it, and takes an urgent one first", async () => {
	const { queue, started, errors, finish } = heldQueue(3, 12, ["k0", "k7"]);
	queue.add("a");
	const keys = Array.from({ length: 15 }, (_, index) => `k${index}`);
	for (const key of keys) queue.add(key);
	await finish("a");
	const sift = `sift ${keys.slice(0, 12).join("+")}`;
	expect(started).toEqual(["a", sift]);
	queue.addUrgent(["k7"]);
	queue.add("k3");
	expect(started).toHaveLength(2);
	await finish(sift);
	// k3 was requested again while it was sifted, and few wait now.
	expect(started.slice(2)).toEqual(["k7"]);
	for (const key of ["k7", "k0", "k12", "k13", "k14", "k3"]) await finish(key);
	expect(started.slice(2)).toEqual(["k7", "k0", "k12", "k13", "k14", "k3"]);
	// A sift that fails.
	for (const key of ["b", ...keys]) queue.add(key);
	await finish("b");
	const failing = started.at(-1) ?? "";
	await finish(failing, new Error("no database"));
	expect(errors).toEqual(failing.replace("sift ", "").split("+"));
});

it("reports a failure and continues", async () => {
	const { queue, started, errors, finish } = heldQueue(3);
	queue.add("a");
	queue.add("b");
	await finish("a", new Error("no"));
	expect(errors).toEqual(["a"]);
	expect(started).toEqual(["a", "b"]);
});

it("stops once running work is done", async () => {
	const { queue, started, finish } = heldQueue(3);
	queue.add("a");
	queue.add("b");
	const stopped = queue.stop();
	await finish("a");
	await stopped;
	expect(started).toEqual(["a"]);
});
