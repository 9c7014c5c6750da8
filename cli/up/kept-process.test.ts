import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { keepProcess } from "./kept-process.ts";

it("a process that is restarted comes back as a new one", async () => {
	const directory = mkdtempSync(join(tmpdir(), "larder-kept-"));
	const script = join(directory, "idle.mjs");
	writeFileSync(script, "console.log('up'); setInterval(() => undefined, 1_000);");
	const log = join(directory, "log");
	const onEnd = vi.fn();
	const kept = keepProcess({ title: "idle", script, env: process.env, log, onEnd });
	const wait = { timeout: 60_000 };
	await vi.waitFor(() => expect(readFileSync(log, "utf8")).toContain("up"), wait);
	const { pid } = kept;
	kept.restart();
	kept.restart();
	await vi.waitFor(() => expect(readFileSync(log, "utf8")).toBe("up\nup\n"), wait);
	expect(kept.pid).not.toBe(pid);
	expect(onEnd).toHaveBeenCalledTimes(1);
	await kept.stop();
	rmSync(directory, { recursive: true });
});
