import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifyProcess } from "../../platform/process-identity.ts";
import { EngineProcess, spawnEngine } from "./engine-process.ts";
import { LivenessWatch } from "./liveness-watch.ts";

let directory: string;

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "larder-engine-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Reports every process as gone as soon as it is watched, as the real one does before the exit code is known. */
class HastyWatch extends LivenessWatch {
	override watch(_identity: unknown, onDeath: () => void): () => void {
		const soon = setImmediate(onDeath);
		return () => clearImmediate(soon);
	}
}

function run(script: string): Promise<EngineProcess> {
	return spawnEngine({
		...{ program: process.execPath, args: ["--eval", script] },
		...{ directory, log: join(directory, "log"), liveness: new HastyWatch() },
	});
}

test("says how a child ended, though its end is noticed before its exit code is known", async () => {
	const exited = await run("process.exit(3)");
	await new Promise<void>((resolve) => exited.onExit(resolve));
	expect(exited.exitDetail).toBe("its process is gone");
	expect(await exited.howItEnded()).toBe("exit code 3");
	expect(await exited.endedItself()).toBe(true);

	const killed = await run("process.kill(process.pid, 'SIGKILL')");
	expect(await killed.howItEnded()).toBe("signal SIGKILL");
	expect(await killed.endedItself()).toBe(false);
});

test("nobody learns how a process that isn't a child ended", async () => {
	const identity = identifyProcess(process.pid);
	if (identity === null) throw new Error("this process has no identity");
	const adopted = new EngineProcess(identity, new HastyWatch());
	expect(await adopted.howItEnded()).toBe("its process is gone");
	expect(await adopted.endedItself()).toBe(false);
});
