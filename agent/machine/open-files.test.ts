import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { pino } from "pino";
import { expect, test } from "vitest";
import {
	openFilesOf,
	parseOpenFiles,
	raisedOpenFiles,
	raiseOpenFiles,
	WANTED_OPEN_FILES,
} from "./open-files.ts";

const NR_OPEN = 1_048_576;
const plain = { privileged: false, ceiling: NR_OPEN };
const root = { privileged: true, ceiling: NR_OPEN };

test("limits are read as the kernel writes them", () => {
	const line = (soft: string, hard: string) =>
		`Limit                     Soft Limit           Hard Limit           Units     
Max processes             96280                96280                processes 
Max open files            ${soft.padEnd(20)} ${hard.padEnd(20)} files     
Max locked memory         8388608              8388608              bytes     
`;
	expect(parseOpenFiles(line("1024", "524288"))).toEqual({ soft: 1_024, hard: 524_288 });
	const none = { soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY };
	expect(parseOpenFiles(line("unlimited", "unlimited"))).toEqual(none);
	expect(parseOpenFiles("")).toEqual(none);
});

test("the limit is raised as far as allowed and useful", () => {
	const enough = WANTED_OPEN_FILES;
	expect(raisedOpenFiles({ soft: 1_024, hard: 524_288 }, plain)).toEqual({
		...{ soft: enough, hard: 524_288 },
	});
	expect(raisedOpenFiles({ soft: 1_024, hard: 4_096 }, plain)).toEqual({
		soft: 4_096,
		hard: 4_096,
	});
	expect(raisedOpenFiles({ soft: 4_096, hard: 4_096 }, plain)).toBeNull();
	expect(raisedOpenFiles({ soft: 4_096, hard: 4_096 }, root)).toEqual({
		soft: enough,
		hard: enough,
	});
	// Not beyond the kernel's maximum, and never down.
	const low = { privileged: true, ceiling: 65_536 };
	expect(raisedOpenFiles({ soft: 1_024, hard: 4_096 }, low)).toEqual({
		soft: 65_536,
		hard: 65_536,
	});
	expect(raisedOpenFiles({ soft: enough, hard: 524_288 }, root)).toBeNull();
	expect(raisedOpenFiles({ soft: 524_288, hard: 524_288 }, root)).toBeNull();
});

const hasTool = spawnSync("prlimit", ["--version"]).error === undefined;

test.skipIf(!hasTool)("the limit of a running process is raised in the kernel", async () => {
	const child = spawn("prlimit", ["--nofile=512:4096", "sleep", "60"], { stdio: "ignore" });
	await once(child, "spawn");
	const pid = child.pid ?? 0;
	try {
		const isRoot = process.getuid?.() === 0;
		await expect.poll(() => openFilesOf(pid).soft).toBe(512);
		await raiseOpenFiles(pid, pino({ level: "silent" }));
		const { soft, hard } = openFilesOf(pid);
		expect(soft).toBeGreaterThanOrEqual(4_096);
		// Root without the privilege, as in some containers, gets no more than other users.
		expect([4_096, ...(isRoot ? [WANTED_OPEN_FILES] : [])]).toContain(hard);
		expect(soft).toBe(hard);
	} finally {
		child.kill("SIGKILL");
	}
});
