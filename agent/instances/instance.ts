import { createHash } from "node:crypto";
import { access, mkdir, rm } from "node:fs/promises";
import { writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import {
	type ReportedObservation,
	type SetAside,
	setAsideProofText,
} from "../../server/contract/host-report.ts";
import type { MeteredReading } from "../metrics/usage-meter.ts";
import { hostLimits } from "../supervisor/cgroup.ts";
import { adoptEngine } from "./adopt-engine.ts";
import { endEngine, type Removal } from "./end-engine.ts";
import { endHung } from "./end-hung.ts";
import type { InstanceContext } from "./instance-context.ts";
import { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { reasonOf } from "./instance-view.ts";
import { noteExit } from "./note-exit.ts";
import { noteRefusals } from "./note-full.ts";
import { isStopping } from "./reboot.ts";
import { recoverInstance } from "./recover-instance.ts";
import { tryLaunch } from "./start-instance.ts";
import { stopForReboot } from "./stop-for-reboot.ts";
import { supervise } from "./supervise-instance.ts";

const RETRY_MS = 1_000;
const IDLE_MS = 60_000;
const STOP_POLL_MS = 50;
/**
 * A busy machine takes time to start an agent. During this time, a hanging engine keeps its host from
 * reporting.
 */
const FIRST_LOOK_MS = 2_500;
const SET_ASIDE_TEXT =
	"The control plane was restored from a backup that doesn't contain this node. Its engine keeps running. Once you no longer need its data, end the engine and delete this directory.\n";

/**
 * One engine of this host: a loop that compares the desired with the actual state, does the next step, and
 * sleeps. Only the loop acts, so no two actions on an instance ever overlap.
 *
 *   waiting ──port free, engine there──> starting ──answers──> running
 *      ^                                    └────────┬────────────┘
 *      └──policy allows (restart-policy.ts)── exited <┘ ends
 *
 *   running ──asked to reboot──> rebooting ──ended, launched, answers──> running   (reboot.ts)
 *
 *   any ──removed from the desired state──> stopping ──process and files gone──> (forgotten)
 */
export class Instance {
	readonly id: string;
	private readonly core: InstanceCore;
	private readonly onRemoved: () => void;
	private removal: Removal | null = null;
	private stopped = false;
	private loop: Promise<void> | null = null;
	/** When the agent began to examine the engine, or, before that, created this object. */
	private lookedAtSince = performance.now();

	constructor(id: string, context: InstanceContext, onRemoved: () => void) {
		this.id = id;
		this.core = new InstanceCore(id, context);
		this.onRemoved = onRemoved;
	}

	get removing(): boolean {
		return this.core.removing;
	}

	/** Null for an instance that isn't set aside. */
	get setAside(): SetAside | null {
		const { setAside, assignment, paths, process } = this.core;
		if (!setAside) return null;
		const was = assignment && {
			...{ cacheId: assignment.cacheId, nodeName: assignment.nodeName, port: assignment.port },
			proof: createHash("sha256")
				.update(setAsideProofText(this.id, assignment.auth.systemPassword))
				.digest("hex"),
		};
		const pid = process?.identity.pid ?? null;
		return { assignmentId: this.id, directory: paths.directory, pid, was };
	}

	setDesired(assignment: Assignment, hostId: string): void {
		const { core } = this;
		if (core.setAside) {
			core.setAside = false;
			void rm(core.paths.setAside, { force: true });
		}
		core.hostId = hostId;
		if (JSON.stringify(assignment) !== JSON.stringify(core.assignment)) {
			core.assignment = assignment;
			core.keepJobs();
			core.elasticity.keep();
			core.disturb();
		}
		this.beginLoop();
	}

	/** What its clients may use of the cache's ECPU maximum from now on. */
	shareEcpus(perSecond: number): void {
		this.core.elasticity.shareEcpus(perSecond);
	}

	/** Takes memory that a new assignment grants, before the assignment is stored and in force. */
	growAtOnce(granted: Assignment): void {
		if (!this.core.setAside) this.core.elasticity.growAtOnce(granted);
	}

	/**
	 * The control plane that knows this host as `hostId` no longer wants the instance. If the instance belonged to
	 * that control plane, this ends the engine and deletes its files.
	 */
	remove(hostId: string): void {
		if (this.removal !== null || this.core.setAside) return;
		this.core.hostId = hostId;
		this.core.removing = true;
		this.core.keepJobs();
		this.removal = { since: performance.now(), asked: false };
		this.core.elasticity.keep();
		this.core.disturb();
		this.beginLoop();
	}

	/**
	 * Whether the engine's state is known, or has taken too long to find out. An agent that has just started
	 * reports nothing about an engine that it hasn't examined: "starting" would be a false alarm for one that has
	 * served all along.
	 */
	get examined(): boolean {
		if (this.core.setAside) return true;
		return this.core.known || performance.now() - this.lookedAtSince > FIRST_LOOK_MS;
	}

	/**
	 * Sets the instance aside: the control plane that this agent works for no longer knows it, which is no
	 * reason to end it. The decision is on disk when this returns.
	 */
	async leaveAlone(): Promise<void> {
		const { core } = this;
		await mkdir(core.paths.directory, { recursive: true, mode: 0o700 });
		await writeFileAtomic(core.paths.setAside, SET_ASIDE_TEXT);
		core.setAside = true;
		core.context.onChange();
	}

	/** Finds out whether an earlier agent left it alone. */
	async recallSetAside(): Promise<void> {
		this.core.setAside = await access(this.core.paths.setAside).then(
			() => true,
			() => false,
		);
	}

	/** Ends what keeps that process from answering (end-hung.ts). */
	async endHung(pid: number): Promise<void> {
		await endHung(this.core, pid);
	}

	/** Something that the instance may be waiting for has changed. */
	wake(): void {
		this.core.wake();
	}

	/** Something has happened to the engine, and more may follow soon. */
	disturb(): void {
		this.core.disturb();
	}

	/** Ends the loop. The engine keeps running. */
	async stop(): Promise<void> {
		const { core } = this;
		this.stopped = true;
		core.elasticity.stop();
		core.link.close();
		core.wake();
		await Promise.all([this.loop, core.stopJobs()]);
		core.link.close();
		await core.traffic.end();
		core.process?.release();
	}

	/** The report to the control plane; null for an instance that it doesn't manage. */
	observation(): ReportedObservation | null {
		return this.core.observation();
	}

	/** Counters of the running engine; null if it doesn't run or answer. */
	async sample(): Promise<MeteredReading | null> {
		const { display, removing, setAside } = this.core;
		if (display.view.phase !== "running" || removing || setAside) return null;
		const reading = await this.core.read();
		if (reading !== null) noteRefusals(this.core, reading.counters);
		return reading;
	}

	private beginLoop(): void {
		if (this.loop !== null) return;
		// A host's gateway and Sentinel come first, which takes time on a busy machine.
		this.lookedAtSince = performance.now();
		this.loop = this.run();
	}

	private async run(): Promise<void> {
		while (!this.stopped) {
			const delayMs = await this.pass().catch((error: unknown) => this.onPassFailure(error));
			if (delayMs === null || this.stopped) return;
			await this.core.wakeSignal.wait(delayMs);
		}
	}

	/** One look and at most one action. Returns when to look again; null if nothing is left to look at. */
	private async pass(): Promise<number | null> {
		const { core, removal } = this;
		if (core.setAside) return IDLE_MS;
		const record = core.record ?? (await this.recover());
		const { process, assignment } = core;
		if (process !== null && !process.alive) {
			await noteExit(core, process, record);
			return 0;
		}
		if (removal !== null) return await this.advanceRemoval(record, removal);
		if (assignment === null) return IDLE_MS;
		if (process === null) return await tryLaunch(core, assignment, record);
		if (isStopping(record, assignment)) {
			return await stopForReboot(core, assignment, record, process);
		}
		return await supervise(core, assignment, record, process);
	}

	private onPassFailure(error: unknown): number {
		const { core } = this;
		const message = error instanceof Error ? error.message : String(error);
		const { logger } = core.context;
		logger.error({ err: error, assignmentId: this.id }, "an instance's step failed");
		core.show({ reason: reasonOf("disk", message) });
		return RETRY_MS;
	}

	private async recover(): Promise<InstanceRecord> {
		const { core } = this;
		const { paths, hostId, assignment } = core;
		const { logger } = core.context;
		const { record, identity } = await recoverInstance({
			...{ paths, hostId, assignment, logger },
			assignmentId: this.id,
		});
		core.record = record;
		if (identity !== null) return await adoptEngine(core, record, identity);
		core.known = true;
		if (isStopping(record, assignment)) {
			core.show({ phase: "rebooting" });
		} else if (record.history !== "never") {
			const message = "the engine ended while this host's agent was not running";
			core.show({ phase: "exited", reason: reasonOf("exited", message) });
		}
		return record;
	}

	private async advanceRemoval(record: InstanceRecord, removal: Removal): Promise<number | null> {
		const { core } = this;
		const { directory } = core.paths;
		const { logger } = core.context;
		if (record.hostId !== core.hostId && record.launches > 0) {
			core.foreign = true;
			const advice = "instance of another control plane left alone; delete its directory by hand";
			logger.warn({ assignmentId: this.id, directory }, advice);
			core.context.onChange();
			return null;
		}
		if (core.process?.alive) {
			if (!removal.asked) await core.tellLastReading();
			await endEngine(core.process, core.link.session, removal);
			return STOP_POLL_MS;
		}
		core.elasticity.stop();
		await core.stopJobs();
		await core.traffic.end();
		await rm(directory, { recursive: true, force: true });
		await rm(core.paths.launched, { force: true });
		await rm(`${core.paths.launched}.damaged`, { force: true });
		hostLimits(logger)?.removeEmpty();
		this.stopped = true;
		this.onRemoved();
		return null;
	}
}
