import { type ChildProcess, execFile } from "node:child_process";

const running = new Set<ChildProcess>();
/** A command ends with the process that started it, even if that process doesn't wait for it. */
process.on("exit", () => {
	for (const child of running) child.kill("SIGKILL");
});

/** A command failed. The message names it and ends with the last lines that it printed. */
export class CommandError extends Error {
	/** ENOENT if the program doesn't exist, otherwise the exit code or signal. */
	readonly reason: string | number;
	constructor(command: string, reason: string | number, output: string) {
		const tail = output.trim().split("\n").slice(-5).join("\n");
		super(`${command} failed (${reason})${tail ? `: ${tail}` : ""}`);
		this.name = "CommandError";
		this.reason = reason;
	}
}

/** Runs a program without a shell and returns its stdout. Throws CommandError. */
export function runCommand(
	program: string,
	args: readonly string[],
	options: { timeoutMs: number; cwd?: string; stderrToo?: boolean },
): Promise<string> {
	return new Promise((resolve, reject) => {
		const child = execFile(
			program,
			[...args],
			{
				timeout: options.timeoutMs,
				killSignal: "SIGKILL",
				maxBuffer: 64 * 1024 ** 2,
				env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
				...(options.cwd === undefined ? {} : { cwd: options.cwd }),
			},
			(error, stdout, stderr) => {
				running.delete(child);
				if (error === null) return resolve(options.stderrToo ? stdout + stderr : stdout);
				const reason = error.killed
					? `no answer in ${options.timeoutMs} ms`
					: (error.code ?? error.signal ?? "unknown");
				reject(new CommandError(program, reason, stderr || stdout));
			},
		);
		running.add(child);
	});
}
