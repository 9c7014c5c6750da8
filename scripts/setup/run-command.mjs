import { spawn } from "node:child_process";
import process from "node:process";
import { StageError } from "./stage-error.mjs";

const KEPT_OUTPUT_CHARS = 8_000;

/**
 * Runs a program and returns its output. A failure throws a StageError with the end of the output. `onLine`
 * gets each line of stdout as it arrives.
 */
export async function runCommand(program, args, options) {
	const { cwd, env = process.env, what, remedy = "", onLine } = options;
	const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
	let output = "";
	let rest = "";
	const keep = (chunk) => {
		output = (output + chunk).slice(-KEPT_OUTPUT_CHARS);
	};
	child.stdout.setEncoding("utf8").on("data", (chunk) => {
		keep(chunk);
		const lines = (rest + chunk).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) onLine?.(line);
	});
	child.stderr.setEncoding("utf8").on("data", keep);
	const code = await new Promise((resolve, reject) => {
		child.on("error", (error) =>
			reject(new StageError(`${what} failed: ${error.message}`, { remedy })),
		);
		child.on("close", resolve);
	});
	if (code !== 0) throw new StageError(`${what} failed (exit ${code})`, { remedy, output });
	return output;
}
