import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface Worker {
	send(message: object): void;
	/** The next message. */
	next(): Promise<unknown>;
	kill(): Promise<void>;
}

/** Returns when it is ready. */
export async function spawnWorker(args: readonly string[]): Promise<Worker> {
	const script = join(import.meta.dirname, "worker.ts");
	const child: ChildProcess = fork(script, args, { execArgv: ["--import", "tsx"] });
	const exited = once(child, "exit");
	const next = async () => {
		const first = await Promise.race([once(child, "message"), exited.then(() => null)]);
		if (first === null) throw new Error(`the worker ended with ${child.exitCode}`);
		return first[0];
	};
	await next();
	return {
		send: (message) => void child.send(message),
		next,
		async kill() {
			child.kill("SIGKILL");
			await exited;
		},
	};
}
