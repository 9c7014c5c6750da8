import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import { parseJson } from "../../platform/json-text.ts";
import { currentBootId } from "../../platform/process-identity.ts";
import { MIB } from "../../server/contract/limits.ts";
import {
	type SnapshotOrder,
	type SnapshotReport,
	snapshotContentSchema,
} from "../../server/contract/snapshot.ts";
import { requireRoom } from "./disk-room.ts";
import { copyData, type EngineLogin } from "./replica-stream.ts";
import { STOPPED, type TransferDoor } from "./transfer-door.ts";
import { yieldChildren } from "./yield-children.ts";

const CHECK_EVERY_BYTES = 32 * MIB;
const REPORT_EVERY_MS = 1_000;

const noteSchema = z.object({
	id: z.string(),
	/** What was written may not have reached the disk when the host lost its power. */
	bootId: z.string(),
	bytes: z.number(),
	sha256: z.string(),
	content: snapshotContentSchema,
	stored: z.boolean(),
});
type Note = z.infer<typeof noteSchema>;

export interface SnapshotJobOptions {
	/** Its own, which it removes when there is nothing left to do. */
	readonly directory: string;
	readonly transfers: TransferDoor;
	/** The engine as it runs now. */
	login(): EngineLogin;
	/** Null if it doesn't run. */
	processId(): number | null;
	/** The control plane should hear of `report`. */
	onNews(): void;
}

/**
 * Carries out the snapshot orders of one node: copies the engine's data to a file, and sends the file to the store. What is
 * done is noted on disk, so another agent continues after the copy instead of taking another.
 */
export class SnapshotJob {
	private readonly options: SnapshotJobOptions;
	private current: { readonly id: string; readonly abort: AbortController } | null = null;
	private done: Promise<void> = Promise.resolve();
	private swept = false;
	private shownAt = Number.NEGATIVE_INFINITY;
	/** Of the order that is carried out; null for none. */
	report: SnapshotReport | null = null;

	constructor(options: SnapshotJobOptions) {
		this.options = options;
	}

	/** Call whenever the order may have changed. */
	keep(order: SnapshotOrder | undefined): void {
		if (order === undefined ? this.current === null && this.swept : order.id === this.current?.id) {
			return;
		}
		this.swept = true;
		this.current?.abort.abort();
		this.report = null;
		if (order === undefined) {
			this.current = null;
			this.done = this.done.then(() => this.sweep());
			return;
		}
		const abort = new AbortController();
		this.current = { id: order.id, abort };
		this.show(order.id, { phase: "waiting" });
		this.done = this.done.then(() => this.carryOut(order, abort.signal));
	}

	/** Ends what is under way. Another agent continues. */
	async stop(): Promise<void> {
		this.current?.abort.abort(STOPPED);
		await this.done;
	}

	private async carryOut(order: SnapshotOrder, signal: AbortSignal): Promise<void> {
		try {
			await this.takeAndStore(order, signal);
		} catch (error) {
			if (signal.aborted) return;
			await this.sweep();
			const message = describe(error);
			this.show(order.id, { phase: "failed", message });
		}
	}

	private async takeAndStore({ id, transferId }: SnapshotOrder, signal: AbortSignal) {
		signal.throwIfAborted();
		const { directory, transfers } = this.options;
		const file = join(directory, "data.rdb");
		const note = (await this.readNote(id)) ?? (await this.copy(id, file, signal));
		const { bytes, sha256, content } = note;
		const stored = { phase: "stored", bytes, totalBytes: bytes, sha256, content } as const;
		if (note.stored) return this.show(id, stored);
		const shown = { phase: "storing", totalBytes: bytes, sha256 } as const;
		this.show(id, shown);
		const sent = await transfers.send(transferId, file, {
			...{ signal, sha256 },
			onProgress: (sentBytes) => this.show(id, { ...shown, bytes: sentBytes }),
		});
		if (sent.sha256 !== sha256) throw new Error("the file changed on its way to the store");
		await this.writeNote({ ...note, stored: true });
		await rm(file, { force: true });
		this.show(id, stored);
	}

	private async copy(id: string, file: string, signal: AbortSignal): Promise<Note> {
		const { directory, login, processId } = this.options;
		await this.sweep();
		await mkdir(directory, { recursive: true, mode: 0o700 });
		await requireRoom(directory);
		let checkedAt = 0;
		const copied = await copyData(login(), file, {
			signal,
			onBegin: () => {
				const pid = processId();
				if (pid !== null) yieldChildren(pid);
				this.show(id, { phase: "saving" });
			},
			onProgress: async (bytes) => {
				this.show(id, { phase: "saving", bytes });
				if (bytes - checkedAt < CHECK_EVERY_BYTES) return;
				checkedAt = bytes;
				await requireRoom(directory);
			},
		});
		const note = { id, bootId: currentBootId(), ...copied, stored: false };
		await this.writeNote(note);
		return note;
	}

	private get notePath(): string {
		return join(this.options.directory, "note.json");
	}

	private async writeNote(note: Note): Promise<void> {
		await writeFileAtomic(this.notePath, JSON.stringify(note), { sync: true });
	}

	/** What an earlier agent has done for this order; null for nothing that counts. */
	private async readNote(id: string): Promise<Note | null> {
		const text = await readFile(this.notePath, "utf8").catch(() => null);
		if (text === null) return null;
		const note = noteSchema.safeParse(parseJson(text)).data;
		if (note?.id !== id) return null;
		return note.stored || note.bootId === currentBootId() ? note : null;
	}

	private async sweep(): Promise<void> {
		await rm(this.options.directory, { recursive: true, force: true });
	}

	private show(id: string, change: Partial<SnapshotReport>): void {
		if (this.current?.id !== id) return;
		const before = this.report;
		const now = performance.now();
		if (before?.phase === change.phase && now - this.shownAt < REPORT_EVERY_MS) return;
		this.shownAt = now;
		this.report = {
			...{ id, phase: "waiting", bytes: 0, totalBytes: null },
			...{ sha256: null, content: null, message: null },
			...change,
		};
		this.options.onNews();
	}
}

function describe(error: unknown): string {
	const { code } = error as NodeJS.ErrnoException;
	if (code === "ENOSPC") return "the disk of the host is full; free some space there";
	if (code === "ECONNREFUSED") return "the engine doesn't run";
	return (error instanceof Error ? error.message : String(error)).slice(0, 2_000);
}
