import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LogOutput } from "./log-output.ts";

test("a line that finds no room is dropped, and the process goes on", () => {
	// Every write to it fails with ENOSPC.
	const full = openSync("/dev/full", "w");
	try {
		const output = new LogOutput(full);
		const startedAt = performance.now();
		for (let i = 0; i < 10_000; i++) output.write("line\n");
		expect(output.missing).toBe(10_000);
		expect(performance.now() - startedAt).toBeLessThan(1_000);
	} finally {
		closeSync(full);
	}
});

test("the process also survives a closed descriptor", () => {
	expect(() => new LogOutput(1_000_000).write("line\n")).not.toThrow();
});

test("lines arrive in full and in order", () => {
	const directory = mkdtempSync(join(tmpdir(), "larder-log-"));
	const file = join(directory, "log");
	const descriptor = openSync(file, "a");
	try {
		const output = new LogOutput(descriptor);
		const long = `é${"x".repeat(200_000)}\n`;
		output.write("first\n");
		output.write(long);
		expect(readFileSync(file, "utf8")).toBe(`first\n${long}`);
		expect(output.missing).toBe(0);
	} finally {
		closeSync(descriptor);
		rmSync(directory, { recursive: true });
	}
});
