import type { Logger } from "../../platform/logger.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { Growth as ReportedGrowth } from "../../server/contract/host-alert.ts";
import type { ElasticControl } from "../drivers/driver.ts";
import { WakeSignal } from "../instances/wake-signal.ts";
import { ClientPresence } from "./client-presence.ts";
import { Growth } from "./growth.ts";
import { GrowthNotices } from "./growth-notices.ts";

const LOOK_LATER_MS = 500;
/** How often to look for clients, and how soon a node must say that it has one whose memory isn't reserved yet. */
const CLIENTS_EVERY_MS = 1_000;
const CLIENTS_AWAITED_MS = 200;
/**
 * Writes are held in slices, so that they never wait for long after the memory has come. The next slice begins before the
 * last one ends: otherwise a write of each client would slip through.
 */
const HOLD_MS = 250;
const HOLD_AGAIN_MS = 50;
/** How long writes wait for memory, in all, under one assignment: after that, the engine evicts or refuses. */
const HELD_AT_MOST_MS = 10_000;

/** What the watch needs to know of its instance at each look. */
export interface Watched {
	readonly assignment: Assignment;
	/** Of the running engine. */
	readonly control: ElasticControl;
	readonly pid: number;
	readonly leads: boolean;
	/** The engine has what the assignment says. One that couldn't shrink has more, and its writes needn't wait. */
	readonly isApplied: boolean;
}

/**
 * Watches the memory of an elastic engine: often while it grows, rarely while it is calm. Tells the control plane when
 * the engine passes `reportAboveBytes`. When it passes `holdWritesAboveBytes`, makes writes wait for a moment, because
 * the control plane's answer is on its way. Also knows how long the engine has had no clients, and tells the control plane
 * at once when an idle one gets a client.
 */
export class MemoryWatch {
	private readonly options: {
		/** Null while there is nothing to watch. */
		readonly watched: () => Watched | null;
		readonly onGrowth: (growth: ReportedGrowth) => void;
		readonly logger: Logger;
	};
	private readonly growth = new Growth();
	private readonly notices = new GrowthNotices();
	private readonly presence = new ClientPresence();
	private clientsAt = Number.NEGATIVE_INFINITY;
	private toldOfClientsAt = Number.NEGATIVE_INFINITY;
	private readonly wakeSignal = new WakeSignal();
	private stopped = false;
	private running = false;
	private pid: number | null = null;
	/** Since when writes wait, and under which assignment; null while they needn't. */
	private held: { since: number; generation: number } | null = null;
	/** `used_memory` at the last look; null before the first. */
	usedBytes: number | null = null;
	/** As of the last look at its clients. */
	otherDatabases: boolean | undefined;

	constructor(options: MemoryWatch["options"]) {
		this.options = options;
	}

	/** Call when there may be something to watch, or other marks. */
	wake(): void {
		if (!this.running && !this.stopped && this.options.watched() !== null) {
			this.running = true;
			void this.run();
		}
		this.wakeSignal.notify();
	}

	stop(): void {
		this.stopped = true;
		this.wakeSignal.notify();
	}

	private async run(): Promise<void> {
		while (!this.stopped) await this.wakeSignal.wait(await this.look());
	}

	/** Returns when to look again. */
	private async look(): Promise<number> {
		const watched = this.options.watched();
		const marks = watched?.assignment.elastic;
		if (watched === null || marks === undefined) return LOOK_LATER_MS;
		try {
			const usedBytes = await watched.control.readUsedBytes();
			const at = performance.now();
			if (this.pid !== watched.pid) this.growth.forget();
			this.pid = watched.pid;
			this.growth.add(at, usedBytes);
			this.usedBytes = usedBytes;
			const isAwaited = marks.reportsClients === true;
			await this.lookForClients(watched, usedBytes, isAwaited ? 0 : CLIENTS_EVERY_MS);
			const latestMs = isAwaited ? CLIENTS_AWAITED_MS : LOOK_LATER_MS;
			if (!watched.leads) return latestMs;
			this.tell(watched.assignment, marks.reportAboveBytes, usedBytes, at);
			if (await this.hold(watched, usedBytes)) return HOLD_AGAIN_MS;
			const { reportAboveBytes, holdWritesAboveBytes } = marks;
			const ahead = [reportAboveBytes, holdWritesAboveBytes ?? Infinity];
			return Math.min(latestMs, this.growth.delayMs(usedBytes, ahead));
		} catch (error) {
			// The loop of the instance finds out what is wrong with its engine.
			this.options.logger.debug({ err: error }, "an elastic engine's memory couldn't be read");
			return LOOK_LATER_MS;
		}
	}

	/** How long the engine has had no clients, in milliseconds; 0 while it has one, undefined if unknown. */
	get idleMs(): number | undefined {
		return this.presence.idleMs(performance.now());
	}

	private async lookForClients(
		{ assignment, control, pid }: Watched,
		usedBytes: number,
		everyMs: number,
	): Promise<void> {
		const at = performance.now();
		if (at - this.clientsAt < everyMs) return;
		this.clientsAt = at;
		const signs = await control.readClientSigns();
		this.otherDatabases = signs.otherDatabases;
		const isNew = this.presence.note(at, pid, signs);
		const { id: assignmentId, generation, elastic } = assignment;
		if (elastic?.reportsClients !== true || !this.presence.hasClients) return;
		// The control plane may not have heard the last notice.
		if (!isNew && at - this.toldOfClientsAt < CLIENTS_EVERY_MS) return;
		this.toldOfClientsAt = at;
		const { bytesPerSecond } = this.growth;
		this.options.onGrowth({
			...{ assignmentId, generation, usedBytes, bytesPerSecond, hasClients: true },
		});
	}

	private tell(
		{ id: assignmentId, generation }: Assignment,
		reportAboveBytes: number,
		usedBytes: number,
		at: number,
	): void {
		const { bytesPerSecond } = this.growth;
		const use = { at, usedBytes, bytesPerSecond, reportAboveBytes, generation };
		if (!this.notices.isDue(use)) return;
		this.options.logger.debug(
			{ assignmentId, generation, usedBytes, bytesPerSecond },
			"an engine needs more memory",
		);
		this.options.onGrowth({ assignmentId, generation, usedBytes, bytesPerSecond });
	}

	/** Whether writes wait now. */
	private async hold(
		{ assignment, control, isApplied }: Watched,
		usedBytes: number,
	): Promise<boolean> {
		const { generation, elastic } = assignment;
		const above = elastic?.holdWritesAboveBytes ?? null;
		if (above === null || !isApplied || usedBytes <= above) {
			this.held = null;
			return false;
		}
		const now = performance.now();
		if (this.held?.generation !== generation) this.held = { since: now, generation };
		if (now - this.held.since >= HELD_AT_MOST_MS) return false;
		await control.holdWrites(HOLD_MS);
		return true;
	}
}
