import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import { parseJson } from "../../platform/json-text.ts";
import { currentBootId } from "../../platform/process-identity.ts";
import type { RdbSource } from "../../platform/rdb/filter-rdb.ts";
import { selectSlots } from "../../platform/rdb/rdb-tasks.ts";
import type { RestoreOrder, RestoreReport } from "../../server/contract/snapshot.ts";
import { requireRoom } from "./disk-room.ts";
import { STOPPED, type TransferDoor } from "./transfer-door.ts";

const REPORT_EVERY_MS = 1_000;
const RETRY_MS = 5_000;

const noteSchema = z.object({
	id: z.string(),
	/** What was written may not have reached the disk when the host lost its power. */
	bootId: z.string(),
	keys: z.number(),
});

export interface RestoreJobOptions {
	/** Its own, which it removes when there is nothing left to restore. */
	readonly directory: string;
	readonly transfers: TransferDoor;
	/** The control plane, and the instance that waits for the file, should hear of `report`. */
	onNews(): void;
}

/**
 * Fetches what a new primary's engine should load. It stays on the host until the control plane has seen that the engine
 * has loaded it, because the engine may have to start several times.
 */
export class RestoreJob {
	private readonly options: RestoreJobOptions;
	private current: { readonly key: string; readonly abort: AbortController } | null = null;
	private done: Promise<void> = Promise.resolve();
	private swept = false;
	private shownAt = Number.NEGATIVE_INFINITY;
	/** Of the order that is carried out; null for none. */
	report: RestoreReport | null = null;

	constructor(options: RestoreJobOptions) {
		this.options = options;
	}

	/** The file that the engine must load; null while it isn't there. */
	get file(): string | null {
		return this.report?.phase === "ready" ? this.readyPath : null;
	}

	/** Call whenever the order may have changed. */
	keep(order: RestoreOrder | undefined): void {
		const key = order === undefined ? null : JSON.stringify(order);
		if (key === (this.current?.key ?? null) && this.swept) return;
		this.swept = true;
		this.current?.abort.abort();
		this.current = null;
		this.report = null;
		if (order === undefined || key === null) {
			this.done = this.done.then(() => this.sweep());
			return;
		}
		const abort = new AbortController();
		this.current = { key, abort };
		this.done = this.done.then(() => this.carryOut(order, abort.signal));
	}

	/** Ends what is under way. Another agent continues. */
	async stop(): Promise<void> {
		this.current?.abort.abort(STOPPED);
		await this.done;
	}

	private async carryOut(order: RestoreOrder, signal: AbortSignal): Promise<void> {
		try {
			await this.prepare(order, signal);
		} catch (error) {
			if (signal.aborted) return;
			const message = error instanceof Error ? error.message : String(error);
			this.show(order, { phase: "failed", message: message.slice(0, 2_000) });
			setTimeout(() => this.tryAgain(order, signal), RETRY_MS).unref();
		}
	}

	private tryAgain(order: RestoreOrder, signal: AbortSignal): void {
		if (!signal.aborted) this.done = this.done.then(() => this.carryOut(order, signal));
	}

	private async prepare(order: RestoreOrder, signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		const { directory, transfers } = this.options;
		const files = order.files ?? [];
		const noted = await this.readNote(order.id);
		if (noted !== null) return this.show(order, { phase: "ready", keys: noted });
		if (order.files === null) return this.show(order, {});
		await mkdir(directory, { recursive: true, mode: 0o700 });
		// The files, and the one that is made of them.
		const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
		const isWhole = loadsAsItIs(order);
		await requireRoom(directory, isWhole ? bytes : 2 * bytes);
		let arrived = 0;
		const sources: RdbSource[] = [];
		for (const { transferId, bytes: expected } of files) {
			const path = join(directory, `${transferId}.rdb`);
			const { sha256, verified } = await transfers.fetch(transferId, path, {
				...{ signal, callerVerifies: !isWhole },
				onProgress: (received) => this.show(order, { bytes: arrived + received }),
			});
			arrived += expected;
			sources.push({ path, sha256: verified ? null : sha256 });
		}
		const keys = await this.assemble(order, sources, signal);
		const note: z.infer<typeof noteSchema> = { id: order.id, bootId: currentBootId(), keys };
		await writeFileAtomic(this.notePath, JSON.stringify(note), { sync: true });
		for (const { path } of sources) await rm(path, { force: true });
		this.show(order, { phase: "ready", keys });
	}

	/** Makes one file of those that were fetched. Returns the number of keys that the engine will find. */
	private async assemble(
		order: RestoreOrder,
		sources: readonly RdbSource[],
		signal: AbortSignal,
	): Promise<number> {
		const { files, slots } = order;
		const [only] = sources;
		if (only !== undefined && loadsAsItIs(order)) {
			await rename(only.path, this.readyPath);
			return files?.[0]?.keys ?? 0;
		}
		const target = `${this.readyPath}.new`;
		const { keys } = await selectSlots({ sources, slots, target }, signal);
		await rename(target, this.readyPath);
		return keys;
	}

	private get readyPath(): string {
		return join(this.options.directory, "ready.rdb");
	}

	private get notePath(): string {
		return join(this.options.directory, "note.json");
	}

	/** How many keys are in the file that an earlier agent prepared for this order; null if it isn't there. */
	private async readNote(id: string): Promise<number | null> {
		const text = await readFile(this.notePath, "utf8").catch(() => null);
		if (text === null) return null;
		const note = noteSchema.safeParse(parseJson(text)).data;
		return note?.id === id && note.bootId === currentBootId() ? note.keys : null;
	}

	private async sweep(): Promise<void> {
		await rm(this.options.directory, { recursive: true, force: true });
	}

	private show(order: RestoreOrder, change: Partial<RestoreReport>): void {
		if (this.current?.key !== JSON.stringify(order)) return;
		const { phase = "fetching" } = change;
		const now = performance.now();
		if (this.report?.phase === phase && now - this.shownAt < REPORT_EVERY_MS) return;
		this.shownAt = now;
		const totalBytes = (order.files ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
		this.report = {
			...{ id: order.id, phase, bytes: 0, totalBytes, keys: null, message: null },
			...change,
		};
		this.options.onNews();
	}
}

/** Whether the engine loads the one file of the snapshot as it is. */
function loadsAsItIs({ files, slots }: RestoreOrder): boolean {
	return slots === null && files?.length === 1;
}
