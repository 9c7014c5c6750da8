import { spawn } from "node:child_process";

/** A check reads the whole file: gigabytes take a while. */
const TIMEOUT_MS = 15 * 60_000;
const OUTPUT_KEPT = 4_096;

/**
 * What is wrong with the file, in a clause; null if the engine's own check finds every object readable and the checksum
 * right. The server's program is also the one that checks: its name decides.
 */
export function findSnapshotFault(
	program: string,
	checkName: string,
	file: string,
): Promise<string | null> {
	return new Promise((resolve) => {
		let output = "";
		// With another name in argv[0], the server does nothing but check. Its directory must not make it look like an engine.
		const check = spawn(program, [file], {
			...{ argv0: checkName, cwd: "/", timeout: TIMEOUT_MS },
			stdio: ["ignore", "pipe", "ignore"],
		});
		const fail = (detail: string) => resolve(`its saved data is damaged (${detail})`);
		check.stdout.on("data", (chunk: Buffer) => {
			output = `${output}${chunk.toString()}`.slice(-OUTPUT_KEPT);
		});
		check.on("error", (error) => fail(error.message));
		check.on("close", (code) => {
			if (code === 0 && output.includes("RDB looks OK")) return resolve(null);
			fail(output.trim().split("\n").at(-1)?.trim() || `the check ended with ${code}`);
		});
	});
}
