import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MIB } from "../../server/contract/limits.ts";
import { isClientConnection } from "../drivers/client-count.ts";
import { parseInfo } from "../drivers/valkey-info.ts";
import { ClientPresence } from "./client-presence.ts";
import { ecpusBetween, readEcpus } from "./ecpu-reading.ts";
import { Growth } from "./growth.ts";
import { GrowthNotices } from "./growth-notices.ts";
import { lookMs, openMs, SLICE_MAX_MS, SLICE_MIN_MS, sliceMs } from "./throttle-plan.ts";
import { TokenBucket } from "./token-bucket.ts";

describe("growth", () => {
	test("is measured over the last half second, and never negative", () => {
		const growth = new Growth();
		for (let at = 0; at <= 2_000; at += 100) growth.add(at, at < 1_000 ? 0 : (at - 1_000) * 1_000);
		expect(growth.bytesPerSecond).toBe(1_000_000);
		growth.add(2_100, 0);
		expect(growth.bytesPerSecond).toBe(0);
		growth.forget();
		expect(growth.bytesPerSecond).toBe(0);
	});

	test("is watched more closely the sooner it reaches a mark, and a calm engine before any load could", () => {
		const growth = new Growth();
		growth.add(0, 0);
		growth.add(100, 10 * MIB);
		expect(growth.delayMs(10 * MIB, [14 * MIB, 100 * MIB])).toBe(20);
		expect(growth.delayMs(10 * MIB, [10.1 * MIB])).toBe(10);
		expect(growth.delayMs(200 * MIB, [100 * MIB])).toBe(100);
		const calm = new Growth();
		expect(calm.delayMs(0, [128 * MIB])).toBe(250);
		expect(calm.delayMs(0, [MIB])).toBe(100);
		expect(calm.delayMs(0, [10_000 * MIB])).toBe(500);
	});
});

test("the control plane hears at once of an engine that passes its mark, and again as it grows", () => {
	const notices = new GrowthNotices();
	const at = (ms: number, mib: number, generation = 1, bytesPerSecond = MIB) =>
		notices.isDue({
			...{ at: ms, usedBytes: mib * MIB, reportAboveBytes: 100 * MIB },
			...{ generation, bytesPerSecond },
		});
	expect(at(0, 100)).toBe(false);
	expect(at(10, 101)).toBe(true);
	expect(at(20, 110)).toBe(false);
	expect(at(1_010, 110)).toBe(true);
	expect(at(1_210, 115)).toBe(false);
	expect(at(1_220, 115, 1, 10 * MIB)).toBe(true);
	expect(at(2_500, 116)).toBe(false);
	expect(at(6_220, 116)).toBe(true);
	expect(at(6_230, 116, 2)).toBe(true);
	expect(at(6_240, 99, 2)).toBe(false);
	expect(at(6_250, 101, 2)).toBe(true);
});

test("an engine has clients while they are connected, or have asked for something since the last look", () => {
	const presence = new ClientPresence();
	expect(presence.idleMs(0)).toBeUndefined();
	expect(presence.note(0, 1, { connected: false, requests: 5 })).toBe(false);
	expect(presence.idleMs(9_000)).toBeUndefined();
	expect(presence.idleMs(25_000)).toBe(20_000);
	expect(presence.note(26_000, 1, { connected: false, requests: 6 })).toBe(true);
	expect(presence.idleMs(26_500)).toBe(0);
	expect(presence.note(27_000, 1, { connected: true, requests: 6 })).toBe(false);
	expect(presence.note(28_000, 2, { connected: false, requests: 0 })).toBe(false);
	expect(presence.idleMs(29_000)).toBeUndefined();
	expect(presence.idleMs(58_000)).toBe(30_000);
});

test("connections of agents, gateways, replicas and those that haven't logged in yet aren't clients", () => {
	const line = (age: number, cmd: string, user: string, flags = "N") =>
		`id=7 addr=127.0.0.1:5 name= age=${age} idle=0 flags=${flags} db=0 cmd=${cmd} user=${user} lib-name=`;
	expect(isClientConnection(line(0, "get", "default"))).toBe(true);
	expect(isClientConnection(line(9, "NULL", "default"))).toBe(true);
	expect(isClientConnection(line(1, "NULL", "default"))).toBe(false);
	for (const user of ["larder", "larder-gateway", "larder-sentinel", "larder-throttle"]) {
		expect(isClientConnection(line(9, "ping", user))).toBe(false);
	}
	expect(isClientConnection(line(9, "psync", "default", "S"))).toBe(false);
	expect(isClientConnection("")).toBe(false);
});

describe("the token bucket", () => {
	test("lets no more pass over any time than its rate, a second's savings and two seconds' debt", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1_000, max: 1_000_000 }),
				fc.array(
					fc.record({
						ms: fc.integer({ min: 1, max: 500 }),
						use: fc.double({ min: 0, max: 1, noNaN: true }),
					}),
				),
				(limit, steps) => {
					const bucket = new TokenBucket(limit);
					let now = 0;
					let used = 0;
					bucket.take(now, 0);
					for (const { ms, use } of steps) {
						// Clients wait for as long as they should, then use as much as can be saved.
						now += ms + bucket.waitMs();
						const amount = use * limit;
						used += amount;
						bucket.take(now, amount);
					}
					expect(used).toBeLessThanOrEqual((limit * now) / 1_000 + 3 * limit + 1);
				},
			),
		);
	});

	test("forgives what would slow a cache down for more than two seconds, and keeps its state when the limit changes", () => {
		const bucket = new TokenBucket(1_000);
		bucket.take(0, 1_000_000);
		expect(bucket.waitMs()).toBe(2_000);
		bucket.change(2_000);
		expect(bucket.waitMs()).toBe(2_000);
		expect(bucket.savedSeconds).toBe(-2);
		bucket.take(2_500, 0);
		expect(bucket.waitMs()).toBe(0);
		expect(bucket.lastsMs(2_000)).toBe(Number.POSITIVE_INFINITY);
		expect(bucket.lastsMs(3_000)).toBe(1_000);
	});
});

test("pauses are short enough for whatever watches an engine, and the rest of the time fits the load", () => {
	const bucket = new TokenBucket(1_000);
	expect(sliceMs(bucket)).toBe(0);
	bucket.take(0, 1);
	expect(sliceMs(bucket)).toBe(SLICE_MIN_MS);
	bucket.take(0, 500);
	expect(sliceMs(bucket)).toBe(SLICE_MAX_MS);
	expect(openMs(900, 1_000)).toBe(100);
	expect(openMs(2_000, 1_000)).toBe(20);
	expect(openMs(100_000, 1_000)).toBeNull();
	const saved = new TokenBucket(1_000);
	saved.take(0, 0);
	saved.take(1_000, 0);
	expect(lookMs(saved, 500)).toBe(100);
	expect(lookMs(saved, 11_000)).toBe(50);
});

describe("ECPUs", () => {
	const info = (role: string, sets: number, extra = "") =>
		parseInfo(
			[
				`role:${role}`,
				"total_net_input_bytes:10000000",
				"total_net_repl_input_bytes:0",
				"total_net_output_bytes:0",
				"total_net_repl_output_bytes:0",
				`cmdstat_set:calls=${sets},usec=${sets * 2},usec_per_call=2`,
				"cmdstat_ping:calls=1000000,usec=1000000",
				"cmdstat_info:calls=1000000,usec=1000000",
				extra,
			].join("\r\n"),
		);
	const writes = new Set(["set"]);
	const between = (before: ReturnType<typeof info>, after: ReturnType<typeof info>) =>
		ecpusBetween(readEcpus(before, writes), readEcpus(after, writes), 0);

	test("are one a command of clients, and on a replica none for what its primary sends", () => {
		expect(between(info("master", 10_000), info("master", 10_500))).toBe(500);
		expect(between(info("slave", 10_000), info("slave", 10_500))).toBe(0);
		expect(between(info("slave", 10_000), info("master", 10_500))).toBe(0);
	});

	test("are more for commands that take longer than SET", () => {
		const slow = "cmdstat_zunion:calls=10,usec=20000,usec_per_call=2000";
		expect(between(info("master", 10_000), info("master", 10_000, slow))).toBe(10_000);
		const waiting = "cmdstat_blpop:calls=10,usec=20000000,usec_per_call=2000000";
		expect(between(info("master", 10_000), info("master", 10_000, waiting))).toBe(10);
	});

	test("are one a KB if that is more, without what the reader moves itself", () => {
		const before = readEcpus(info("master", 0), writes);
		const after = { ...before, bytes: before.bytes + 1_024_000, requests: 10 };
		expect(ecpusBetween(before, after, 0)).toBe(1_000);
		expect(ecpusBetween(before, after, 512_000)).toBe(500);
	});
});
