import { beforeEach, expect, test } from "vitest";
import type { NodeMetrics } from "../contract/metrics.ts";
import { NewestMetrics } from "./newest-metrics.ts";

const sample = (opsPerSecond: number): NodeMetrics => ({
	...{ memoryUsedBytes: 1, memoryMaxBytes: 2, clients: 1, opsPerSecond, hitsPerSecond: 1 },
	...{ missesPerSecond: 1, keys: 1, evictionsPerSecond: 1, cpuPercent: 1 },
	replicationLagBytes: null,
});

let newest: NewestMetrics;
beforeEach(() => {
	newest = new NewestMetrics();
});
const add = (nodeId: string, atMs: number, opsPerSecond: number) =>
	newest.add(nodeId, "cache", new Date(atMs), sample(opsPerSecond), atMs);
const total = (now: number) =>
	newest.round("cache", now).reduce((sum, { opsPerSecond }) => sum + opsPerSecond, 0);

test("samples of one round are added up while some nodes have yet to report the next", () => {
	add("old", 5_000, 400);
	add("new", 5_030, 0);
	expect(total(6_000)).toBe(400);
	// The lead has changed hands, and only the new primary's host has said so.
	add("new", 10_020, 320);
	expect(total(10_500)).toBe(400);
	add("old", 10_000, 80);
	expect(total(10_600)).toBe(400);
	add("new", 15_010, 400);
	add("old", 15_000, 0);
	expect(total(15_500)).toBe(400);
});

test("a node that has left counts in the round in which it left, and isn't waited for", () => {
	add("old", 5_000, 400);
	add("new", 5_000, 0);
	add("old", 10_000, 80);
	newest.leave("old", 8_000);
	expect(total(8_000)).toBe(400);
	add("new", 10_010, 320);
	expect(total(10_500)).toBe(400);
	add("new", 15_000, 400);
	expect(total(15_500)).toBe(400);
});

test("a node that has fallen silent is waited for once, and its last figure isn't shown for long", () => {
	add("dead", 5_000, 400);
	add("new", 5_000, 0);
	add("new", 10_000, 300);
	expect(total(10_100)).toBe(400);
	add("new", 15_000, 400);
	expect(total(15_100)).toBe(400);
	expect(newest.of("dead", 15_100)?.opsPerSecond).toBe(400);
	expect(newest.of("dead", 30_000)).toBeNull();
});

test("a cache without fresh samples shows none, not even another cache's", () => {
	expect(newest.round("cache", 0)).toEqual([]);
	add("node", 5_000, 400);
	expect(newest.round("other", 5_000)).toEqual([]);
	expect(newest.round("cache", 60_000)).toEqual([]);
});
