import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireLock, LockHeldError, readLock } from "./process-lock.ts";
import { DAMAGES } from "./testing/damages.ts";

let directory: string;
let path: string;
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "larder-lock-"));
	path = join(directory, "up.lock");
});
afterEach(() => rmSync(directory, { recursive: true }));

test.each(Object.entries(DAMAGES))("a lock that a power cut left %s is free", (_, damage) => {
	acquireLock(path, "the first").release();
	writeFileSync(path, JSON.stringify({ identity: { bootId: "b", pid: 1, startTicks: "1" } }));
	damage(path);
	expect(readLock(path)).toBeNull();
	const lock = acquireLock(path, "the next");
	expect(readLock(path)?.note).toBe("the next");
	lock.release();
	expect(readLock(path)).toBeNull();
});

test("a damaged lock whose holder lives stays held: the kernel knows who has it open", async () => {
	writeFileSync(path, "");
	const holder = spawn("tail", ["-f", path], { stdio: ["ignore", "ignore", "ignore"] });
	try {
		await once(holder, "spawn");
		await expect.poll(() => readLock(path)?.identity.pid).toBe(holder.pid);
		expect(() => acquireLock(path, "the next")).toThrow(LockHeldError);
	} finally {
		holder.kill("SIGKILL");
		await once(holder, "exit");
	}
	acquireLock(path, "the next").release();
});
