import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { MigrationOrder, MigrationReport } from "../../server/contract/migration.ts";
import { emptyEngine, holdSource, type MigrationDoor, runMigration } from "./migration-run.ts";
import { MigrationRefused, SourceUnreachable } from "./source.ts";

const REPORT_EVERY_MS = 1_000;
const RETRY_MS = 2_000;
const LOOK_EVERY_MS = 20;

export interface MigrationJobOptions
	extends Pick<MigrationDoor, "directory" | "login" | "isApplied" | "shard"> {
	/** The control plane should hear of `report`. */
	onNews(): void;
}

/**
 * Carries out the migration orders of one primary. Nothing of it outlives the agent: another one, or the agent of another
 * primary, begins again with an empty engine, unless the cache leads already. It waits with that while the control plane
 * may be deciding that the cache leads.
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
		const door: MigrationDoor = {
			...{ ...this.options, known: { nodes: [] } },
			order: () => this.order ?? order,
			show: (change) => this.show(order, change),
		};
		while (!signal.aborted) {
			try {
				if (await this.isSettled(door)) return;
				return await runMigration(door, signal);
			} catch (error) {
				if (signal.aborted) return;
				const message = error instanceof Error ? error.message : String(error);
				// A source that has been checked was there, and may come back.
				const mayPass = error instanceof SourceUnreachable && door.order().phase !== "check";
				if (error instanceof MigrationRefused && !mayPass) {
					return await this.endFailed(door, message, signal);
				}
				this.show(order, {
					phase: "checking",
					message: `${door.order().phase === "check" ? "Larder checks the source again" : "Larder copies the source's data again"}: ${message.replace(/\.$/, "")}.`,
				});
				await this.rest(RETRY_MS, signal);
			}
		}
	}

	/** Whether there is nothing to copy, because of what the order says by now. */
	private async isSettled(door: MigrationDoor): Promise<boolean> {
		const { phase } = door.order();
		switch (phase) {
			case "cancel":
				await emptyEngine(this.options.login());
				door.show({ phase: "emptied" });
				return true;
			// Its clients may write by now. An earlier agent has brought it so far, or the source has gone since.
			case "lead":
				door.show({ phase: "leading" });
				await holdSource(door).catch(() => {});
				return true;
			// What an earlier agent said may make the control plane decide that the cache leads. Until it has decided, the
			// engine keeps what it has.
			case "cut-over":
				throw new Error("an agent or an engine ended before the cache could take the lead");
			case "check":
			case "replicate":
				return false;
		}
	}

	/** The control plane has the engines of all shards emptied, unless nothing has been changed yet. */
	private async endFailed(
		door: MigrationDoor,
		message: string,
		signal: AbortSignal,
	): Promise<void> {
		door.show({ phase: "failed", message });
		// What was said before may already have decided otherwise.
		while (!signal.aborted && door.order().phase === "cut-over") {
			await this.rest(RETRY_MS, signal);
		}
		if (!signal.aborted && door.order().phase === "lead") await this.isSettled(door);
	}

	/** Until the next attempt, or until the order says something else. */
	private async rest(forMs: number, signal: AbortSignal): Promise<void> {
		const phase = this.order?.phase;
		const until = performance.now() + forMs;
		while (performance.now() < until && this.order?.phase === phase && !signal.aborted) {
			await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
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
			...{ id: order.id, bytes: 0, totalBytes: null, keys: 0, totalKeys: null },
			...{ lagBytes: null, lagSeconds: null, pausedMs: null, holdsWrites: null, checks: [] },
			...{ ...change, message: message?.slice(0, 2_000) ?? null },
		};
		this.options.onNews();
	}
}

function keyOf({ id, phase }: MigrationOrder): string {
	return `${id} ${phase === "cancel"}`;
}
