import { expect, it } from "vitest";
import { SharedRun } from "./shared-run.ts";

it("runs one at a time; calls made meanwhile share the next run, and a failed run rejects only its own calls", async () => {
	const runs: { resolve: () => void; reject: (error: Error) => void }[] = [];
	const shared = new SharedRun(
		() => new Promise((resolve, reject) => runs.push({ resolve, reject })),
	);
	const first = shared.run();
	await expect.poll(() => runs.length).toBe(1);
	const others = [shared.run(), shared.run()];
	expect(runs).toHaveLength(1);
	runs[0]?.reject(new Error("no database"));
	await expect(first).rejects.toThrow("no database");
	await expect.poll(() => runs.length).toBe(2);
	runs[1]?.resolve();
	await Promise.all(others);
	const last = shared.run();
	await expect.poll(() => runs.length).toBe(3);
	runs[2]?.resolve();
	await last;
	expect(runs).toHaveLength(3);
});

it("runs one at a time if it is called at the moment when a run ends", async () => {
	let running = 0;
	let most = 0;
	const shared = new SharedRun(async () => {
		running++;
		most = Math.max(most, running);
		await new Promise((resolve) => setImmediate(resolve));
		running--;
	});
	const first = shared.run();
	await expect.poll(() => running).toBe(1);
	await Promise.all([shared.run(), first.then(() => shared.run())]);
	expect(most).toBe(1);
});

it("leaves an interval between the beginnings of two runs; calls made in it share the next run", async () => {
	const begunAt: number[] = [];
	const shared = new SharedRun(
		async () => {
			begunAt.push(performance.now());
		},
		{ intervalMs: 30 },
	);
	await shared.run();
	const second = shared.run();
	// No timer fires meanwhile, but a run without an interval would begin.
	for (let tick = 0; tick < 20; tick++) await null;
	await Promise.all([second, shared.run()]);
	const [first = 0, next = 0] = begunAt;
	expect(begunAt).toHaveLength(2);
	expect(next - first).toBeGreaterThanOrEqual(29);
});
