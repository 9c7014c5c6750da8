import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { identifyProcess } from "../../platform/process-identity.ts";
import { LivenessWatch, pollMs } from "./liveness-watch.ts";

const children: ChildProcess[] = [];
afterEach(() => {
	for (const child of children.splice(0)) child.kill("SIGKILL");
});

async function startSleeper() {
	const child = spawn("sleep", ["60"], { stdio: "ignore" });
	children.push(child);
	await once(child, "spawn");
	const identity = identifyProcess(child.pid ?? 0);
	if (identity === null) throw new Error("sleep has ended");
	return { child, identity };
}

async function noticedInMs(): Promise<number> {
	const { child, identity } = await startSleeper();
	const watch = new LivenessWatch();
	const death = new Promise<number>((resolve) => {
		watch.watch(identity, () => resolve(performance.now()));
	});
	const killedAt = performance.now();
	child.kill("SIGKILL");
	return (await death) - killedAt;
}

test("a death is noticed within 50 ms", async () => {
	// The fastest of several: on a busy machine this process itself may not be scheduled in time.
	const times = [await noticedInMs(), await noticedInMs(), await noticedInMs()];
	expect(Math.min(...times)).toBeLessThan(50);
});

test("a process that reuses the pid of a dead one isn't mistaken for it", async () => {
	const { identity } = await startSleeper();
	const watch = new LivenessWatch();
	const earlier = { ...identity, startTicks: "1" };
	await new Promise<void>((resolve) => {
		watch.watch(earlier, resolve);
	});
});

test("few processes are checked often, many less often", () => {
	expect(pollMs(1)).toBe(8);
	expect(pollMs(200)).toBe(30);
	expect(pollMs(10_000)).toBe(100);
});

test("nothing is called after watching has ended", async () => {
	const [first, second] = [await startSleeper(), await startSleeper()];
	const watch = new LivenessWatch();
	let calls = 0;
	watch.watch(first.identity, () => calls++)();
	const death = new Promise<void>((resolve) => {
		watch.watch(second.identity, resolve);
	});
	first.child.kill("SIGKILL");
	second.child.kill("SIGKILL");
	await death;
	expect(calls).toBe(0);
});
