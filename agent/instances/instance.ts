import { rm } from "node:fs/promises";
import type { Assignment, Observation } from "../../server/contract/agent.ts";
import type { Severity } from "../../server/contract/enums.ts";
import type { EngineCounters, EngineSession, EngineState } from "../drivers/driver.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import { hostLimits } from "../supervisor/cgroup.ts";
import { EngineProcess } from "../supervisor/engine-process.ts";
import { decideLaunch, NO_EXITS, recordExit } from "../supervisor/restart-policy.ts";
import { endEngine, type Removal } from "./end-engine.ts";
import { EngineLink } from "./engine-link.ts";
import { driverOf, type InstanceContext } from "./instance-context.ts";
import { InstanceDisplay } from "./instance-display.ts";
import { type InstancePaths, instancePaths } from "./instance-paths.ts";
import { type InstanceRecord, writeRecord } from "./instance-record.ts";
import { isStateNews, observationOf, reasonOf } from "./instance-view.ts";
import { checkLaunch, launchInstance } from "./launch-instance.ts";
import { readLogTail } from "./log-tail.ts";
import { refusedValues } from "./pending-parameters.ts";
import { PollPace } from "./poll-pace.ts";
import { isStopping, mayStartAgain, RebootStop, rebootOver } from "./reboot.ts";
import { recoverInstance } from "./recover-instance.ts";
import { WakeSignal } from "./wake-signal.ts";

const RETRY_MS = 1_000;
const IDLE_MS = 60_000;
const PORT_RELEASE_MS = 5_000;
const STOP_POLL_MS = 50;
const FIRST_LOOK_MS = 1_000;

/**
 * One engine of this host: a loop that compares what is wanted with what is, does the next thing, and sleeps. Only the
 * loop acts, so no two actions on an instance ever overlap.
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
	private readonly context: InstanceContext;
	private readonly paths: InstancePaths;
	private readonly wakeSignal = new WakeSignal();
	private readonly onRemoved: () => void;
	private assignment: Assignment | null = null;
	private hostId = "";
	private removal: Removal | null = null;
	private record: InstanceRecord | null = null;
	private process: EngineProcess | null = null;
	private readonly link: EngineLink;
	private exits = NO_EXITS;
	/** When this agent started the process; null for one that it adopted. */
	private spawnedAt: number | null = null;
	/** Belongs to a control plane that this agent no longer works for: left alone. */
	private foreign = false;
	private stopped = false;
	private readonly pace = new PollPace();
	private readonly display: InstanceDisplay;
	/** A reboot's ending half, as far as this agent brings it on. */
	private rebootStop: RebootStop | null = null;
	private loop: Promise<void> | null = null;
	private known = false;
	private readonly createdAt = performance.now();

	constructor(id: string, context: InstanceContext, onRemoved: () => void) {
		this.id = id;
		this.context = context;
		this.onRemoved = onRemoved;
		this.paths = instancePaths(context.homeDir, id);
		this.link = new EngineLink({
			assignment: () => this.assignment,
			paths: this.paths,
			bindAddress: context.bindAddress,
		});
		this.display = new InstanceDisplay({
			observation: () => this.observation(),
			onNews: () => context.onChange(),
		});
	}

	get removing(): boolean {
		return this.removal !== null;
	}

	setDesired(assignment: Assignment, hostId: string): void {
		this.hostId = hostId;
		if (JSON.stringify(assignment) !== JSON.stringify(this.assignment)) {
			this.assignment = assignment;
			this.disturb();
		}
		this.loop ??= this.run();
	}

	/** The control plane `hostId` no longer wants it: stop the engine and delete what it has, if it was that one's. */
	remove(hostId: string): void {
		if (this.removal !== null) return;
		this.hostId = hostId;
		this.removal = { since: performance.now(), asked: false };
		this.disturb();
		this.loop ??= this.run();
	}

	/**
	 * Whether it is known by now how the engine is. An agent that has just started says nothing of an engine that it
	 * hasn't looked at: "starting" would be a false alarm for one that has served all the while.
	 */
	get examined(): boolean {
		return this.known || performance.now() - this.createdAt > FIRST_LOOK_MS;
	}

	/** Something that the instance may wait for has changed. */
	wake(): void {
		this.wakeSignal.notify();
	}

	/** Ends the loop. The engine lives on. */
	async stop(): Promise<void> {
		this.stopped = true;
		this.link.close();
		this.wake();
		await this.loop;
		this.link.close();
		this.process?.release();
	}

	/** What the control plane is told; null for one that is none of its business. */
	observation(): Observation | null {
		if (this.foreign) return null;
		// Nobody wants it any more, as far as is known, even while that word isn't confirmed.
		const wanted = this.removing ? null : this.assignment;
		return observationOf(this.id, this.display.view, this.record, wanted);
	}

	/** Counters of the running engine; null when it doesn't run or answer. */
	async sample(): Promise<EngineCounters | null> {
		return this.display.view.phase === "running" && !this.removing
			? await this.link.sample()
			: null;
	}

	private async run(): Promise<void> {
		while (!this.stopped) {
			const delayMs = await this.pass().catch((error: unknown) => this.onPassFailure(error));
			if (delayMs === null || this.stopped) return;
			await this.wakeSignal.wait(delayMs);
		}
	}

	/** One look and at most one deed. Answers when to look again; null when there is nothing left to look at. */
	private async pass(): Promise<number | null> {
		const record = this.record ?? (await this.recover());
		if (this.process !== null && !this.process.alive) {
			await this.noteExit(this.process, record);
			return 0;
		}
		if (this.removal !== null) return await this.advanceRemoval(record, this.removal);
		if (this.assignment === null) return IDLE_MS;
		if (this.process === null) return await this.tryLaunch(this.assignment, record);
		if (isStopping(record, this.assignment)) {
			return await this.stopForReboot(this.assignment, record, this.process);
		}
		return await this.supervise(this.assignment, record, this.process);
	}

	private onPassFailure(error: unknown): number {
		const message = error instanceof Error ? error.message : String(error);
		this.context.logger.error({ err: error, assignmentId: this.id }, "an instance's step failed");
		this.show({ reason: reasonOf("disk", message) });
		return RETRY_MS;
	}

	private async recover(): Promise<InstanceRecord> {
		const { paths, hostId, assignment, context } = this;
		const { logger, liveness } = context;
		const recovered = await recoverInstance({
			...{ paths, hostId, assignment, logger },
			assignmentId: this.id,
		});
		const { identity } = recovered;
		this.record = recovered.record;
		if (identity !== null) {
			this.follow(new EngineProcess(identity, liveness));
			await this.save({ ...recovered.record, identity });
			const phase = recovered.record.rebooting ? "rebooting" : "starting";
			this.show({ phase, reason: null, pid: identity.pid });
			if (assignment !== null) hostLimits(logger)?.apply(this.id, identity.pid, assignment);
			logger.info({ assignmentId: this.id, pid: identity.pid }, "engine adopted");
			return this.record;
		}
		this.known = true;
		if (isStopping(recovered.record, assignment)) {
			this.show({ phase: "rebooting" });
		} else if (recovered.record.history !== "never") {
			const message = "the engine ended while this host's agent was not running";
			this.show({ phase: "exited", reason: reasonOf("exited", message) });
		}
		return this.record;
	}

	private async tryLaunch(assignment: Assignment, record: InstanceRecord): Promise<number> {
		const now = performance.now();
		const driver = driverOf(assignment.engine);
		if (record.rebooting) {
			const { paths } = this;
			const may =
				isStopping(record, assignment) && (await mayStartAgain(driver, assignment, paths));
			if (!may) return await this.giveUpReboot(assignment, record);
		}
		const free = record.rebooting || !driver.keepsData;
		const policy = free ? { ...assignment, onExit: "restart" as const } : assignment;
		const decision = decideLaunch(policy, record, this.exits, now);
		if (decision.kind === "needs-permit") return IDLE_MS;
		if (decision.kind === "wait") return decision.forMs;
		const { lastExitAt } = this.exits;
		const releasing = lastExitAt !== null && now - lastExitAt < PORT_RELEASE_MS;
		const check = await checkLaunch(assignment, this.context, releasing);
		if (check.kind === "obstacle") {
			if (check.show !== null) this.show(check.show);
			return check.retryMs;
		}
		return await this.launch(assignment, record, check.program);
	}

	private async launch(
		assignment: Assignment,
		record: InstanceRecord,
		program: string,
	): Promise<number> {
		const { paths, context, hostId } = this;
		let intent = record;
		try {
			const engine = await launchInstance({
				...{ assignment, record, program, paths, context, hostId },
				saveIntent: async (next) => {
					intent = next;
					await this.save(next);
				},
			});
			this.spawnedAt = performance.now();
			this.follow(engine);
			this.disturb();
			const { identity } = engine;
			const phase = record.rebooting ? "rebooting" : "starting";
			this.show({ phase, reason: null, pid: identity.pid, engineState: null });
			await this.save({ ...intent, identity });
			return 0;
		} catch (error) {
			if (this.process !== null) throw error;
			// No process came to be, so the history is what it was.
			const now = performance.now();
			this.exits = recordExit(this.exits, 0, now);
			const message = `${assignment.nodeName} can't be started: ${error instanceof Error ? error.message : String(error)}`;
			this.show({ phase: "waiting", reason: reasonOf("launch-failed", message) });
			const { history, launchPermit, launchReboot } = record;
			await this.save({ ...intent, history, launchPermit, launchReboot });
			return 0;
		}
	}

	private follow(engine: EngineProcess): void {
		this.process = engine;
		engine.onExit(() => {
			// Answers that are still awaited will not come; with a large heap the kernel says so only much later.
			this.link.close();
			this.wake();
		});
	}

	private async noteExit(engine: EngineProcess, record: InstanceRecord): Promise<void> {
		const now = performance.now();
		this.process = null;
		this.known = true;
		this.link.close();
		this.rebootStop = null;
		if (!this.removing && isStopping(record, this.assignment)) {
			this.exits = { failures: 0, lastExitAt: now };
			this.show({ phase: "rebooting", reason: null, pid: null, engineState: null });
			return await this.save({ ...record, identity: null });
		}
		const ranMs = this.spawnedAt === null ? Number.POSITIVE_INFINITY : now - this.spawnedAt;
		const empty =
			record.history === "unknown" && !(await driverOf(record.engine).hasServed(this.paths));
		this.exits = recordExit(this.exits, ranMs, now);
		if (this.removing) return;
		const what = `engine process ${engine.identity.pid} ended${empty ? " before it could serve" : ""} (${engine.exitDetail})`;
		// Told before anything slow: the control plane promotes on this word.
		const code = empty ? "launch-failed" : "exited";
		this.show({ phase: "exited", reason: reasonOf(code, what), pid: null, engineState: null });
		const over = record.rebooting ? rebootOver(record, record.launchReboot) : record;
		await this.save({ ...over, identity: null, history: empty ? "never" : record.history });
		// Of a process that was killed the log knows nothing.
		const killed = /SIG(KILL|TERM)/.test(engine.exitDetail ?? "");
		const tail = killed && !empty ? "" : await readLogTail(this.paths.log);
		const message = tail === "" ? what : `${what}; its log ends with: ${tail}`;
		if (empty) this.show({ reason: reasonOf(code, message) });
		this.tell("error", "node.exited", message);
	}

	/** The first half of a reboot: the engine ends with its data kept, or says why it doesn't. */
	private async stopForReboot(
		assignment: Assignment,
		record: InstanceRecord,
		engine: EngineProcess,
	): Promise<number> {
		this.known = true;
		this.show({ phase: "rebooting", reason: null, pid: engine.identity.pid });
		this.rebootStop ??= new RebootStop(() => this.wake());
		const stop = this.rebootStop;
		await stop.advance(engine, this.link, driverOf(assignment.engine).keepsData);
		if (stop.refusal === null) return STOP_POLL_MS;
		this.rebootStop = null;
		await this.save(rebootOver(record, assignment.reboot));
		const message = `${assignment.nodeName} can't be rebooted, and goes on as it was: ${stop.refusal}`;
		this.tell("error", "node.reboot-failed", message);
		return 0;
	}

	/** It ended, but without what it needs to start again by itself: an ordinary exit from here on. */
	private async giveUpReboot(assignment: Assignment, record: InstanceRecord): Promise<number> {
		const message = `${assignment.nodeName} ended for a reboot without its data; its replicas hold them`;
		this.show({ phase: "exited", reason: reasonOf("exited", message), pid: null });
		await this.save(rebootOver(record, assignment.reboot));
		this.tell("error", "node.reboot-failed", message);
		return 0;
	}

	private async supervise(
		assignment: Assignment,
		record: InstanceRecord,
		engine: EngineProcess,
	): Promise<number> {
		try {
			const { session, state } = await this.link.observe(engine.identity.pid);
			return await this.converge(assignment, record, session, state);
		} catch (error) {
			this.link.close();
			return engine.alive ? this.noteSilence(error) : 0;
		}
	}

	private async converge(
		assignment: Assignment,
		before: InstanceRecord,
		session: EngineSession,
		engineState: EngineState,
	): Promise<number> {
		this.known = true;
		if (isStateNews(this.display.view.engineState, engineState)) this.pace.disturb();
		const serves = !engineState.loading;
		if (serves && assignment.reboot > before.launchReboot) {
			await this.save({ ...before, rebooting: true });
			return 0;
		}
		let record = before;
		if (record.generation < assignment.generation) {
			record = await this.applySettings(assignment, record, session);
		}
		if (serves && (record.history !== "ran" || record.reboot !== record.launchReboot)) {
			await driverOf(assignment.engine).discardKeptData(this.paths);
			record = rebootOver({ ...record, history: "ran" }, record.launchReboot);
		}
		const { converged, acted } = await session.converge(assignment, engineState);
		if (acted) this.disturb();
		this.record = record;
		const { convergedGeneration } = this.display.view;
		this.show({
			phase: record.rebooting ? "rebooting" : "running",
			reason: null,
			pid: this.process?.identity.pid ?? null,
			engineState,
			convergedGeneration: converged ? assignment.generation : convergedGeneration,
		});
		if (record !== before) await this.save(record);
		return this.pace.delayMs();
	}

	private async applySettings(
		assignment: Assignment,
		record: InstanceRecord,
		session: EngineSession,
	): Promise<InstanceRecord> {
		const { refused } = await session.applySettings(assignment);
		const { generation, nodeName } = assignment;
		for (const { name, value, message } of refused) {
			const sentence = `${nodeName} didn't take ${name} = ${value}: ${message}`;
			this.tell("warning", "parameter.refused", sentence);
		}
		const pid = this.process?.identity.pid;
		if (pid !== undefined) hostLimits(this.context.logger)?.apply(this.id, pid, assignment);
		return { ...record, generation, refusedParameters: refusedValues(refused) };
	}

	/** The process lives but doesn't answer as it should. Normal for some milliseconds after a start. */
	private noteSilence(error: unknown): number {
		const message = error instanceof Error ? error.message : String(error);
		const refused = error instanceof EngineCommandError && error.code !== "LOADING";
		const { phase } = this.display.view;
		if ((phase !== "starting" && phase !== "rebooting") || refused) {
			const sentence = `the engine process runs but doesn't answer its agent: ${message}`;
			this.show({ engineState: null, reason: reasonOf("unreachable", sentence) });
		} else {
			this.show({});
		}
		return this.pace.delayMs();
	}

	private async advanceRemoval(record: InstanceRecord, removal: Removal): Promise<number | null> {
		if (record.hostId !== this.hostId && record.launches > 0) {
			this.foreign = true;
			const advice = "instance of another control plane left alone; delete its directory by hand";
			this.context.logger.warn({ assignmentId: this.id, directory: this.paths.directory }, advice);
			this.context.onChange();
			return null;
		}
		if (this.process?.alive) {
			await endEngine(this.process, this.link.session, removal);
			return STOP_POLL_MS;
		}
		await rm(this.paths.directory, { recursive: true, force: true });
		hostLimits(this.context.logger)?.remove(this.id);
		this.stopped = true;
		this.onRemoved();
		return null;
	}

	private async save(record: InstanceRecord): Promise<void> {
		this.record = record;
		await writeRecord(this.paths.record, record);
	}

	private show(change: Parameters<InstanceDisplay["show"]>[0]): void {
		this.display.show(change);
	}

	private tell(severity: Severity, type: string, message: string): void {
		this.context.onEvent({ severity, type, message, assignmentId: this.id });
	}

	private disturb(): void {
		this.pace.disturb();
		this.wake();
	}
}
