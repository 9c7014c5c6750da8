import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../../platform/logger.ts";
import { EngineCommandError, type EngineConnection } from "../drivers/engine-connection.ts";
import { parseInfo } from "../drivers/valkey-info.ts";
import { type EcpuReading, ecpusBetween, READING_SECTIONS, readEcpus } from "./ecpu-reading.ts";
import { RecentUse } from "./recent-use.ts";
import { lookMs, openMs, SLICE_MIN_MS, sliceMs } from "./throttle-plan.ts";
import { TokenBucket } from "./token-bucket.ts";

const COMMAND_TIMEOUT_MS = 2_000;
const RETRY_MS = 1_000;
/** Longer than any hand-over lasts, which deletes the user that throttles. */
const RESTORE_AFTER_MS = 15_000;
/** In one pass, the next pause is queued this far into the present one: after all clients that wait for its end. */
const QUEUED_AT = 0.8;
/** Once so much is saved up in spite of the shortest slices, clients have come within their limit. */
const OVER_AT_SECONDS = 0.25;
/** The engine ends pauses at its ticks. */
const TICKS = { throttled: 1_000 / SLICE_MIN_MS, usual: 10 } as const;
const CALM_AFTER_MS = 30_000;
/** Pauses are remembered for as long as the agent waits for an answer. */
const REMEMBERED_MS = 5_000;

/** What the throttle needs of its engine. */
export interface ThrottledEngine {
	/** As the user that throttles. */
	open(): Promise<EngineConnection>;
	writeCommands(): Promise<ReadonlySet<string>>;
	setTicksPerSecond(ticks: number): Promise<void>;
	reloadUsers(): Promise<void>;
}

/**
 * Keeps the clients of one engine within their ECPUs a second, with the engine's own CLIENT PAUSE in short slices. The
 * engine answers nobody but replicas during a slice, so slices are shorter than anything that watches engines waits.
 *
 *   open ──debt──> slice ──over──> open, for as long as the load leaves to it ──debt──> slice …
 *                    └─ far over the limit: the next slice is queued behind all waiting clients, so each is served once
 */
export class EcpuThrottle {
	private readonly engine: ThrottledEngine;
	private readonly bucket: TokenBucket;
	private readonly logger: Logger;
	private readonly stopping = new AbortController();
	private readonly slices: { from: number; to: number }[] = [];
	private connection: EngineConnection | null = null;
	private writes: ReadonlySet<string> = new Set();
	private last: { at: number; reading: EcpuReading; answerBytes: number } | null = null;
	private refusedSince: number | null = null;
	private ticksSince: number | null = null;
	private readonly use = new RecentUse();
	/** What clients used in the last pass. */
	private passUse = 0;
	/** How long clients have been paused, in all. */
	throttledMs = 0;

	constructor(engine: ThrottledEngine, perSecond: number, logger: Logger) {
		this.engine = engine;
		this.bucket = new TokenBucket(perSecond);
		this.logger = logger;
		void this.run();
	}

	change(perSecond: number): void {
		if (perSecond !== this.bucket.perSecond) this.bucket.change(perSecond);
	}

	stop(): void {
		this.stopping.abort();
		this.connection?.close();
	}

	/** What clients have used lately, rounded so that a steady load isn't news. */
	get usePerSecond(): number {
		return this.use.perSecond(performance.now());
	}

	/** For how much of the time since then clients have been paused. */
	pausedMsSince(at: number): number {
		const now = performance.now();
		return this.slices.reduce(
			(sum, { from, to }) => sum + Math.max(0, Math.min(to, now) - Math.max(from, at)),
			0,
		);
	}

	private async run(): Promise<void> {
		const { signal } = this.stopping;
		while (!signal.aborted) {
			try {
				await this.work();
			} catch (error) {
				if (signal.aborted) break;
				this.connection?.close();
				await this.noteRefusal(error).catch(() => {});
				await this.pause(RETRY_MS).catch(() => {});
			}
		}
		if (this.ticksSince !== null) await this.engine.setTicksPerSecond(TICKS.usual).catch(() => {});
	}

	/** Until something fails. */
	private async work(): Promise<never> {
		this.writes = await this.engine.writeCommands();
		const connection = await this.engine.open();
		this.connection = connection;
		if (this.stopping.signal.aborted) connection.close();
		this.last = null;
		await this.read(connection);
		this.refusedSince = null;
		let usePerSecond = 0;
		for (;;) {
			await this.pause(lookMs(this.bucket, usePerSecond));
			const { used, seconds, isBehind } = await this.read(connection);
			usePerSecond = used / seconds;
			// A replica must get on with what its primary sends.
			if (!isBehind && sliceMs(this.bucket) > 0) await this.throttle(connection, usePerSecond);
			else await this.noteCalm();
		}
	}

	/** Until clients are within their limit. `usePerSecond` is what they use while the engine is open. */
	private async throttle(connection: EngineConnection, usePerSecond: number): Promise<void> {
		if (this.ticksSince === null) await this.engine.setTicksPerSecond(TICKS.throttled);
		let forMs = sliceMs(this.bucket);
		this.noteSlice(forMs);
		await connection.command(pauseOf(forMs), COMMAND_TIMEOUT_MS);
		while (forMs > 0) {
			const open = openMs(usePerSecond, this.bucket.perSecond);
			if (open === null) {
				forMs = await this.passOnce(connection, forMs);
				continue;
			}
			await this.pause(forMs + open);
			const { used, seconds, isBehind } = await this.read(connection);
			usePerSecond = used / Math.max(0.001, seconds - forMs / 1_000);
			forMs = isBehind ? 0 : sliceMs(this.bucket);
			if (forMs === 0) return;
			this.noteSlice(forMs);
			await connection.command(pauseOf(forMs), COMMAND_TIMEOUT_MS);
		}
	}

	/**
	 * Lets each waiting client be served once after the present slice, and pauses again. Returns the length of the new
	 * slice; 0 if there is none.
	 */
	private async passOnce(connection: EngineConnection, forMs: number): Promise<number> {
		await this.pause(forMs * QUEUED_AT);
		this.bucket.take(performance.now(), 0);
		const dueMs = sliceMs(this.bucket, this.passUse);
		const isOver = dueMs === 0 && this.bucket.savedSeconds > OVER_AT_SECONDS;
		const nextMs = isOver ? 0 : Math.max(dueMs, SLICE_MIN_MS);
		if (nextMs === 0) {
			await this.pause(forMs * (1 - QUEUED_AT));
			return 0;
		}
		const [{ used, isBehind }] = await connection.together(() => {
			const reading = this.read(connection);
			return Promise.all([reading, connection.command(pauseOf(nextMs), COMMAND_TIMEOUT_MS)]);
		});
		this.noteSlice(nextMs);
		this.passUse = used;
		if (!isBehind) return nextMs;
		await this.pause(nextMs);
		return 0;
	}

	/** What was used since the last reading. */
	private async read(connection: EngineConnection) {
		const text = String(
			await connection.command(["INFO", ...READING_SECTIONS], COMMAND_TIMEOUT_MS),
		);
		const at = performance.now();
		const reading = readEcpus(parseInfo(text), this.writes);
		const before = this.last;
		this.last = { at, reading, answerBytes: text.length };
		const used = before === null ? 0 : ecpusBetween(before.reading, reading, before.answerBytes);
		this.bucket.take(at, used);
		this.use.add(at, used);
		const seconds = before === null ? 1 : Math.max(0.001, (at - before.at) / 1_000);
		return { used, seconds, isBehind: reading.isBehind };
	}

	private noteSlice(forMs: number): void {
		const now = performance.now();
		this.ticksSince = now;
		this.throttledMs += forMs;
		this.slices.push({ from: now, to: now + forMs });
		while ((this.slices[0]?.to ?? now) < now - REMEMBERED_MS) this.slices.shift();
	}

	private async noteCalm(): Promise<void> {
		if (this.ticksSince === null || performance.now() - this.ticksSince < CALM_AFTER_MS) return;
		await this.engine.setTicksPerSecond(TICKS.usual);
		this.ticksSince = null;
	}

	/** The user that throttles may have been deleted for a hand-over, which has ended by now. */
	private async noteRefusal(error: unknown): Promise<void> {
		this.logger.debug({ err: error }, "an engine's clients can't be throttled now");
		if (!(error instanceof EngineCommandError)) return;
		const now = performance.now();
		this.refusedSince ??= now;
		if (now - this.refusedSince < RESTORE_AFTER_MS) return;
		this.refusedSince = null;
		await this.engine.reloadUsers();
	}

	private async pause(forMs: number): Promise<void> {
		await delay(forMs, undefined, { signal: this.stopping.signal, ref: false });
	}
}

function pauseOf(forMs: number): string[] {
	return ["CLIENT", "PAUSE", String(forMs), "ALL"];
}
