import { mkdir, rm, statfs } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { MIB } from "../../server/contract/limits.ts";
import type { MigrationOrder, MigrationReport } from "../../server/contract/migration.ts";
import type { SlotRange } from "../../server/contract/slots.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import type { EngineLogin } from "../snapshots/replica-stream.ts";
import { CutOver, LAST_PAUSE_MS } from "./cut-over.ts";
import type { Feed } from "./feed.ts";
import { MigrationRefused } from "./source.ts";
import { Sources } from "./sources.ts";

const COMMAND_MS = 5_000;
const LOOK_EVERY_MS = 250;
/** How often the source's layout is compared with what it was. */
const LAYOUT_EVERY_MS = 1_000;
/** How long to wait before looking again whether the order has changed. */
const POLL_MS = 5;
/** A host's disk is for its engines. */
const RESERVED_BYTES = 256 * MIB;
const CHECK_EVERY_BYTES = 32 * MIB;

const HANDING_OVER: ReadonlySet<string> = new Set(["cut-over", "lead"]);

type Change = Partial<MigrationReport> & Pick<MigrationReport, "phase">;

export interface MigrationDoor {
	/** As it is now: its phase advances meanwhile. */
	order(): MigrationOrder;
	/** The cache's engine as it runs now. */
	login(): EngineLogin;
	/** The engine has the settings of the newest assignment, and with them whether clients may write. */
	isApplied(): boolean;
	/** Of the shard, and whether messages to channels are its to send; null with cluster mode disabled. */
	shard(): { readonly slots: readonly SlotRange[]; readonly isFirst: boolean } | null;
	readonly directory: string;
	/** The source's nodes that earlier attempts have found. */
	readonly known: { nodes: readonly { readonly host: string; readonly port: number }[] };
	show(change: Change): void;
}

/**
 * One attempt: checks, copies the source's data into the cache's engine, follows its writes, and hands over when the order
 * says so. Returns once the cache leads. Throws MigrationRefused for what another attempt can't mend.
 */
export async function runMigration(door: MigrationDoor, signal: AbortSignal): Promise<void> {
	door.show({ phase: "checking" });
	const sources = await Sources.open(door.order(), door.shard(), door.known);
	const run = new Run(door, sources, signal);
	try {
		await run.carryOut();
	} finally {
		await run.close();
	}
}

/** Deletes everything that the engine holds. */
export async function emptyEngine(login: EngineLogin): Promise<void> {
	const target = await EngineConnection.open(login, COMMAND_MS);
	try {
		await target.command(["FLUSHALL", "ASYNC"], COMMAND_MS);
		await target.command(["FUNCTION", "FLUSH", "ASYNC"], COMMAND_MS);
	} finally {
		target.close();
	}
}

/** The cache leads: its source takes no writes for a while, so that clients move before they can write to it again. */
export async function holdSource({ order, shard, known }: MigrationDoor): Promise<void> {
	const sources = await Sources.open(order(), shard(), known);
	try {
		await sources.pauseWrites(LAST_PAUSE_MS);
	} finally {
		sources.close();
	}
}

class Run {
	private readonly door: MigrationDoor;
	private readonly sources: Sources;
	private readonly signal: AbortSignal;
	private feeds: readonly Feed[] = [];
	private cutOver: CutOver | null = null;
	private spaceCheckedAt = 0;
	private found: Pick<MigrationReport, "checks" | "holdsWrites" | "totalKeys"> = {
		...{ checks: [], holdsWrites: null, totalKeys: null },
	};

	constructor(door: MigrationDoor, sources: Sources, signal: AbortSignal) {
		this.door = door;
		this.sources = sources;
		this.signal = signal;
	}

	async carryOut(): Promise<void> {
		const { door, sources } = this;
		const { commandKeys, ...found } = await sources.check(door.login());
		this.found = found;
		// All shards of the cache wait for each other here: if one can't be migrated, none is emptied.
		while (door.order().phase === "check" || !door.isApplied()) {
			if (door.order().phase === "check") this.show({ phase: "checked" });
			await this.rest(POLL_MS);
		}
		requirePhase(door.order());
		// An agent before this one may have held them.
		await sources.resumeWrites();
		await emptyEngine(door.login());
		this.feeds = sources.feeds({
			...{ directory: door.directory, login: door.login(), keys: commandKeys },
			onBytes: async () => {
				this.showCopy();
				await this.requireSpace();
			},
			onKeys: () => this.showCopy(),
		});
		for (const { directory } of this.feeds)
			await mkdir(directory, { recursive: true, mode: 0o700 });
		await Promise.all(this.feeds.map((feed) => feed.copy(this.signal)));
		await this.follow();
	}

	async close(): Promise<void> {
		// While the control plane may have decided that the cache leads, only time releases the source.
		if (!HANDING_OVER.has(this.door.order().phase)) await this.cutOver?.release();
		await Promise.all(this.feeds.map((feed) => feed.close()));
		this.sources.close();
		await rm(this.door.directory, { recursive: true, force: true });
	}

	private async follow(): Promise<void> {
		let comparedAt = performance.now();
		for (;;) {
			this.throwIfEnded();
			const { phase } = this.door.order();
			if (HANDING_OVER.has(phase)) {
				if (await this.handOver()) return;
				continue;
			}
			if (performance.now() - comparedAt > LAYOUT_EVERY_MS) {
				await this.sources.requireUnchanged();
				comparedAt = performance.now();
			}
			await this.showLag();
			await this.rest(LOOK_EVERY_MS);
		}
	}

	/** Returns whether the cache leads. If not, the order was taken back, and the source takes writes again. */
	private async handOver(): Promise<boolean> {
		const cutOver = new CutOver(this.sources, this.feeds, () => this.replicas());
		this.cutOver = cutOver;
		await cutOver.begin();
		while (HANDING_OVER.has(this.door.order().phase)) {
			this.throwIfEnded();
			const isComplete = await cutOver.isComplete();
			const { pausedMs } = cutOver;
			if (this.door.order().phase === "lead" && isComplete && this.door.isApplied()) {
				await cutOver.lead();
				this.show({ phase: "leading", pausedMs });
				return true;
			}
			const problem = cutOver.problem(isComplete);
			if (problem !== null) await this.showLag(problem);
			else if (isComplete) this.show({ phase: "caught-up", pausedMs });
			await this.rest(POLL_MS);
		}
		await cutOver.release();
		this.cutOver = null;
		await this.showLag();
		return false;
	}

	private async replicas(): Promise<number> {
		const target = await EngineConnection.open(this.door.login(), COMMAND_MS);
		try {
			const text = String(await target.command(["INFO", "replication"], COMMAND_MS));
			return [...text.matchAll(/^slave\d+:.*state=online/gm)].length;
		} finally {
			target.close();
		}
	}

	private showCopy(): void {
		this.show({ phase: "copying" });
	}

	private async showLag(message: string | null = null): Promise<void> {
		const lags = await Promise.all(
			this.feeds.map(async (feed) => feed.lag(await feed.source.offset())),
		);
		this.show({
			phase: "following",
			lagBytes: Math.max(0, ...lags.map(({ bytes }) => bytes)),
			lagSeconds: Math.max(0, ...lags.map(({ seconds }) => seconds)),
			message,
		});
	}

	private show(change: Change): void {
		const { feeds } = this;
		const totals = feeds.map(({ totalBytes }) => totalBytes);
		this.door.show({
			...this.found,
			bytes: feeds.reduce((sum, { bytes }) => sum + bytes, 0),
			totalBytes: totals.reduce<number | null>(
				(sum, total) => (sum === null || total === null ? null : sum + total),
				totals.length === 0 ? null : 0,
			),
			keys: feeds.reduce((sum, { keys }) => sum + keys, 0),
			...change,
		});
	}

	private throwIfEnded(): void {
		this.signal.throwIfAborted();
		for (const feed of this.feeds) feed.throwIfFailed();
	}

	/** Throws why the run ended, if it ends meanwhile. */
	private async rest(ms: number): Promise<void> {
		await delay(ms, undefined, { signal: this.signal }).catch(() => this.signal.throwIfAborted());
	}

	private async requireSpace(): Promise<void> {
		const bytes = this.feeds.reduce((sum, feed) => sum + feed.bytes, 0);
		if (bytes - this.spaceCheckedAt < CHECK_EVERY_BYTES) return;
		this.spaceCheckedAt = bytes;
		const { bavail, bsize } = await statfs(this.door.directory);
		if (bavail * bsize > RESERVED_BYTES) return;
		throw new MigrationRefused(
			"The host of the cache's primary has no space for the source's data, which passes through its disk. Free space, or move the primary to another host.",
		);
	}
}

/**
 * Only in this phase may the engine be emptied: in any later one, the control plane may have decided that the cache leads,
 * by what an agent before this one has reported.
 */
function requirePhase({ phase }: MigrationOrder): void {
	if (phase === "replicate") return;
	throw new Error("an agent or an engine ended before the cache could take the lead");
}
