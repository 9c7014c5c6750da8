import { readlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, setPriority } from "node:os";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

/** Programs are bundles, of which those of threads are beside them; tests and tools run from the sources. */
const fromSource = import.meta.filename.endsWith(".ts");
const builtThreads = new Map<string, string>();

/** Starts a thread of its own, whose program is `name`.ts in that directory of the platform. */
export function startThread(name: string, directory: string, workerData: unknown): Worker {
	if (!fromSource) return new Worker(new URL(`./${name}.mjs`, import.meta.url), { workerData });
	const source = fileURLToPath(new URL(`../${directory}/${name}.ts`, import.meta.url));
	const script = builtThreads.get(source) ?? buildThread(source);
	builtThreads.set(source, script);
	return new Worker(script, { eval: true, workerData });
}

/** Not every version of Node loads TypeScript itself, and a loader for it takes longer to start than most tasks. */
function buildThread(source: string): string {
	const { buildSync }: typeof import("esbuild") = createRequire(import.meta.url)("esbuild");
	const { outputFiles } = buildSync({
		...{ entryPoints: [source], bundle: true, write: false },
		...{ platform: "node", format: "cjs", target: "node20.19" },
		define: {
			"import.meta.filename": JSON.stringify(source.replace(/\.ts$/, ".cjs")),
			"import.meta.url": JSON.stringify(pathToFileURL(source).href),
		},
	});
	return outputFiles[0]?.text ?? "";
}

/** The last message of a thread, which then ends. Rejects if the signal aborts, and ends the thread. */
export async function answerOf<Answer, Other = never>(
	thread: Worker,
	signal: AbortSignal | null,
	/** Which message is the last, if it isn't the first, and what becomes of the others. */
	messages?: {
		isLast(message: Answer | Other): message is Answer;
		onOther(message: Other): void;
	},
): Promise<Answer> {
	let abort: () => void = () => undefined;
	try {
		return await new Promise<Answer>((resolve, reject) => {
			thread.on("message", (message: Answer | Other) => {
				if (messages === undefined || messages.isLast(message)) resolve(message as Answer);
				else messages.onOther(message);
			});
			thread.once("error", reject);
			thread.once("exit", (code) => reject(new Error(`the thread ended with ${code}`)));
			abort = () => reject(signal?.reason);
			signal?.addEventListener("abort", abort, { once: true });
			if (signal?.aborted === true) abort();
		});
	} finally {
		signal?.removeEventListener("abort", abort);
		await thread.terminate();
	}
}

/**
 * Lets everything else on the machine go first, engines above all. Call it in the thread that should yield: on Linux, a
 * priority belongs to a thread.
 */
export function yieldToOthers(): void {
	try {
		setPriority(
			Number(basename(readlinkSync("/proc/thread-self"))),
			constants.priority.PRIORITY_BELOW_NORMAL,
		);
	} catch {
		// Without /proc, it competes with the others.
	}
}
