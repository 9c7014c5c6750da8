import { exec } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { kernelTableName, rememberKernelTable, removeKernelTables } from "./kernel-table.ts";
import { removeDirectory } from "./testing/owned-directory.ts";
import { makeUglyDirectory } from "./testing/ugly-directory.ts";

let directory: string;
beforeEach(() => {
	directory = makeUglyDirectory("larder-kernel-table");
	mkdirSync(join(directory, "gateway"));
});
afterEach(() => removeDirectory(directory));

/** A program in place of `nft` that notes its arguments, and fails as for a user who may not change the kernel. */
function writeProgram(): { path: string; calls: () => string[] } {
	const log = join(directory, "calls");
	const path = join(directory, "nft's double");
	writeFileSync(path, '#!/bin/sh\necho "$*" >> "$(dirname "$0")/calls"\n[ "$1" = delete ]\n', {
		mode: 0o755,
	});
	return { path, calls: () => readFileSync(log, "utf8").trim().split("\n") };
}

test("if the agent's user can't remove tables, the error has a command for each that works when pasted", async () => {
	const program = writeProgram();
	for (const use of ["gateway", "cluster-bus"] as const) {
		await rememberKernelTable(directory, use, program.path);
	}
	const error = await removeKernelTables(directory).catch((reason: unknown) => reason);
	const { commands } = error as { commands: readonly string[] };
	expect(commands).toHaveLength(2);
	for (const command of commands) await promisify(exec)(command);
	expect(program.calls().slice(2)).toEqual([
		`delete table ip ${kernelTableName(directory, "gateway")}`,
		`delete table ip ${kernelTableName(directory, "cluster-bus")}`,
	]);
	expect(await removeKernelTables(directory)).toBe(0);
});
