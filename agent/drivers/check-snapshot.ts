import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { KeptDataCheck } from "./driver.ts";

/** A check reads the whole file: gigabytes take a while. */
const TIMEOUT_MS = 15 * 60_000;

/**
 * Reads the file with the engine's own check, which finds every object readable and the checksum right, or says what is
 * wrong. The server's program is also the one that checks: its name decides.
 */
export function checkSnapshot(
	program: string,
	checkName: string,
	file: string,
): Promise<KeptDataCheck> {
	return runCheck(program, checkName, file, "RDB looks OK");
}

/** The same for append-only files, of which `file` is the manifest: what is wrong, in a clause; null for nothing. */
export async function findAppendFault(
	program: string,
	checkName: string,
	file: string,
): Promise<string | null> {
	return (await runCheck(program, checkName, file, "All AOF files and manifest are valid")).fault;
}

function runCheck(
	program: string,
	checkName: string,
	file: string,
	approval: string,
): Promise<KeptDataCheck> {
	return new Promise((resolve) => {
		const databases = new Set<number>();
		let isWhole = false;
		let last = "";
		// With another name in argv[0], the server does nothing but check. Its directory must not make it look like an engine.
		const check = spawn(program, [file], {
			...{ argv0: checkName, cwd: "/", timeout: TIMEOUT_MS },
			stdio: ["ignore", "pipe", "ignore"],
		});
		const end = (fault: string | null) => resolve({ fault, databases: [...databases] });
		const fail = (detail: string) => end(`its saved data is damaged (${detail})`);
		createInterface(check.stdout).on("line", (line) => {
			const database = /Selecting DB ID (\d+)/.exec(line)?.[1];
			if (database !== undefined) databases.add(Number(database));
			isWhole ||= line.includes(approval);
			last = line.trim() || last;
		});
		check.on("error", (error) => fail(error.message));
		check.on("close", (code) => {
			if (code === 0 && isWhole) return end(null);
			fail(last || `the check ended with ${code}`);
		});
	});
}
