import { expect, it } from "vitest";
import { Signals } from "./signals.ts";

it("wakes those who subscribed before the change", async () => {
	const signals = new Signals();
	const waiter = signals.subscribe("host:1");
	signals.notify("host:2");
	signals.notify("host:1");
	await expect(waiter.wait(60_000)).resolves.toBeUndefined();
});

it("gives up after its timeout, or when the caller has gone", async () => {
	const signals = new Signals();
	await signals.subscribe("k").wait(1);
	const abort = new AbortController();
	const waiting = signals.subscribe("k").wait(60_000, abort.signal);
	abort.abort();
	await expect(waiting).resolves.toBeUndefined();
	const late = signals.subscribe("k").wait(60_000, AbortSignal.abort());
	await expect(late).resolves.toBeUndefined();
});

it("counts notifications, so that news can be recognized", () => {
	const signals = new Signals();
	const before = signals.count("host:1");
	signals.notify("host:2");
	expect(signals.count("host:1")).toBe(before);
	signals.notify("host:1");
	expect(signals.count("host:1")).not.toBe(before);
});
