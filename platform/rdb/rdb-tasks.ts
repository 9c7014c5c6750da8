import type { GrowingFile } from "../files/growing-file.ts";
import { answerOf, startThread } from "../files/thread.ts";
import type { RdbSource, WantedSlots } from "./filter-rdb.ts";
import { PassingRdbError, RdbError } from "./rdb-error.ts";
import type { RdbContent } from "./walk-rdb.ts";

/** What a thread does with RDB files, and what it answers. */
export type RdbTask =
	/** A file that is still being written: its SHA-256 too. */
	| { readonly kind: "follow"; readonly path: string; readonly shared: SharedArrayBuffer }
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
			readonly sources: readonly RdbSource[];
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
	| { readonly content: RdbContent; readonly sha256?: string }
	| { readonly keys: number }
	| { readonly damage: string; readonly passes: boolean };

/**
 * `walkRdb` of a file while it is written, in a thread that lets everything else on the machine go first. Returns once the
 * file is complete, with the SHA-256 of it.
 */
export async function followRdb(
	path: string,
	{ shared }: GrowingFile,
	signal: AbortSignal,
): Promise<{ content: RdbContent; sha256: string }> {
	const answer = await runTask({ kind: "follow", path, shared }, signal);
	if (!("content" in answer)) throw new Error("the thread answered another question");
	const { content, sha256 = "" } = answer;
	return { content, sha256 };
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
	const thread = startThread("rdb-worker", "rdb", task);
	const answer = await answerOf<RdbAnswer, RdbPiece>(thread, signal, {
		isLast: (message): message is RdbAnswer => !("piece" in message),
		onOther: onPiece,
	});
	if ("damage" in answer) {
		throw answer.passes ? new PassingRdbError(answer.damage) : new RdbError(answer.damage);
	}
	return answer;
}
