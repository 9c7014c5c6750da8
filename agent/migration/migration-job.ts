import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { MigrationOrder, MigrationReport } from "../../server/contract/migration.ts";
import { emptyEngine, type MigrationDoor, runMigration } from "./migration-run.ts";
import { MigrationRefused } from "./source.ts";

const REPORT_EVERY_MS = 1_000;
const RETRY_MS = 2_000;

export interface MigrationJobOptions
	extends Pick<MigrationDoor, "directory" | "login" | "isApplied"> {
	/** The control plane should hear of `report`. */
	onNews(): void;
}

/**
 * Carries out the migration orders of one primary. Nothing of it outlives the agent: another one, or the agent of another
 * primary, begins again with an empty engine, unless the cache leads already.
 */
export class MigrationJob {
	private readonly options: MigrationJobOptions;
	private order: MigrationOrder | null = null;
	private abort = new AbortController();
	private done: Promise<void> = Promise.resolve();
	private swept = false;
	private shownAt = Number.NEGATIVE_INFINITY;
	/** Of the order that is carried out; null for none. */
	report: MigrationReport | null = null;

	constructor(options: MigrationJobOptions) {
		this.options = options;
	}

	/** Call whenever the order may have changed. */
	keep(order: MigrationOrder | undefined): void {
		const before = this.order;
		this.order = order ?? null;
		// Its other phases follow each other in one run.
		if (before !== null && order !== undefined && keyOf(before) === keyOf(order)) return;
		if (order === undefined && before === null && this.swept) return;
		this.swept = true;
		this.abort.abort();
		this.abort = new AbortController();
		this.report = null;
		const { signal } = this.abort;
		this.done = this.done.then(() =>
			order === undefined ? this.sweep() : this.carryOut(order, signal),
		);
	}

	/** Ends what is under way. */
	async stop(): Promise<void> {
		this.abort.abort();
		await this.done;
	}

	private async carryOut(order: MigrationOrder, signal: AbortSignal): Promise<void> {
		let isEmptied = false;
		let wasFollowing = false;
		while (!signal.aborted) {
			try {
				if (order.phase === "cancel") {
					await emptyEngine(this.options.login());
					return this.show(order, { phase: "emptied" });
				}
				// Its clients may write by now. An earlier agent has brought it so far, or the source has gone since.
				if (this.order?.phase === "lead") {
					return this.show(order, { phase: "leading" });
				}
				const door: MigrationDoor = {
					...this.options,
					order: () => this.order ?? order,
					show: (change) => {
						wasFollowing ||= change.phase === "following";
						this.show(order, change);
					},
					onEmptied: () => {
						isEmptied = true;
					},
				};
				return await runMigration(door, signal);
			} catch (error) {
				if (signal.aborted) return;
				const message = error instanceof Error ? error.message : String(error);
				if (error instanceof MigrationRefused && !wasFollowing) {
					if (isEmptied) await emptyEngine(this.options.login()).catch(() => {});
					return this.show(order, { phase: "failed", message });
				}
				this.show(order, { phase: "checking", message: `${message}; Larder begins again` });
				await delay(RETRY_MS, undefined, { signal }).catch(() => {});
			}
		}
	}

	private async sweep(): Promise<void> {
		await rm(this.options.directory, { recursive: true, force: true });
	}

	private show(
		order: MigrationOrder,
		change: Partial<MigrationReport> & Pick<MigrationReport, "phase">,
	): void {
		if (this.order === null || keyOf(this.order) !== keyOf(order)) return;
		const now = performance.now();
		const { phase, message = null } = change;
		const isNews = this.report?.phase !== phase || this.report.message !== message;
		if (!isNews && now - this.shownAt < REPORT_EVERY_MS) return;
		this.shownAt = now;
		this.report = {
			...{ id: order.id, bytes: 0, totalBytes: null, lagBytes: null, lagSeconds: null },
			...{ pausedMs: null, ...change, message: message?.slice(0, 2_000) ?? null },
		};
		this.options.onNews();
	}
}

function keyOf({ id, phase }: MigrationOrder): string {
	return `${id} ${phase === "cancel"}`;
}
