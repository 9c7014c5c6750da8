import { Worker } from "node:worker_threads";
import type { WantedSlots } from "./filter-rdb.ts";
import { RdbError } from "./rdb-error.ts";
import type { RdbContent } from "./walk-rdb.ts";

/** What a thread does with RDB files, and what it answers. */
export type RdbTask =
	| { readonly kind: "walk"; readonly path: string }
	/** Of a foreign file: its checksum too. */
	| { readonly kind: "verify"; readonly path: string }
	/** Answers with pieces until the file, which may still grow, has been read to its end (rdb-stream.ts). */
	| {
			readonly kind: "stream";
			readonly path: string;
			readonly slots: Uint8Array | null;
			readonly libraries: boolean;
			readonly progress: SharedArrayBuffer;
	  }
	| {
			readonly kind: "filter";
			readonly sources: readonly string[];
			readonly slots: WantedSlots;
			readonly target: string;
	  };
/** Some commands of a translated file. */
export interface RdbPiece {
	readonly piece: Uint8Array;
	readonly commands: number;
	/** Of the file that have been read so far. */
	readonly keys: number;
}
export type RdbAnswer =
	| { readonly content: RdbContent }
	| { readonly keys: number }
	| { readonly damage: string };

const fromSource = import.meta.filename.endsWith(".ts");
const workerUrl = new URL(fromSource ? "./rdb-worker.ts" : "./rdb-worker.mjs", import.meta.url);

/** `walkRdb` in a thread of its own: what else the process does isn't held up. */
export async function inspectRdb(path: string, signal: AbortSignal): Promise<RdbContent> {
	const answer = await runTask({ kind: "walk", path }, signal);
	if (!("content" in answer)) throw new Error("the thread answered another question");
	return answer.content;
}

/** `checkRdbChecksum` and `walkRdb` in a thread of their own. */
export async function verifyRdb(path: string, signal: AbortSignal): Promise<RdbContent> {
	const answer = await runTask({ kind: "verify", path }, signal);
	if (!("content" in answer)) throw new Error("the thread answered another question");
	return answer.content;
}

/** `filterRdb` in a thread of its own. */
export async function selectSlots(
	task: Omit<Extract<RdbTask, { kind: "filter" }>, "kind">,
	signal: AbortSignal,
): Promise<{ keys: number }> {
	const answer = await runTask({ kind: "filter", ...task }, signal);
	if (!("keys" in answer)) throw new Error("the thread answered another question");
	return answer;
}

/** Carries out a task in a thread of its own. `onPiece` takes what it answers before its last answer. */
export async function runTask(
	task: RdbTask,
	signal: AbortSignal,
	onPiece: (piece: RdbPiece) => void = () => undefined,
) {
	signal.throwIfAborted();
	const worker = startWorker(task);
	let abort: () => void = () => undefined;
	try {
		const answer = await new Promise<RdbAnswer>((resolve, reject) => {
			worker.on("message", (message: RdbAnswer | RdbPiece) => {
				if ("piece" in message) onPiece(message);
				else resolve(message);
			});
			worker.once("error", reject);
			worker.once("exit", (code) => reject(new Error(`the thread ended with ${code}`)));
			abort = () => reject(signal.reason);
			signal.addEventListener("abort", abort, { once: true });
		});
		if ("damage" in answer) throw new RdbError(answer.damage);
		return answer;
	} finally {
		signal.removeEventListener("abort", abort);
		await worker.terminate();
	}
}

/** Run from the sources, a thread loads its own TypeScript loader. */
function startWorker(task: RdbTask): Worker {
	if (!fromSource) return new Worker(workerUrl, { workerData: task });
	const bootstrap = `import("tsx/esm/api").then((tsx) => {
		tsx.register();
		return import(${JSON.stringify(workerUrl.href)});
	});`;
	return new Worker(bootstrap, { eval: true, workerData: task });
}
