import { mkdir } from "node:fs/promises";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { Severity } from "../../server/contract/enums.ts";
import type { ReportedObservation } from "../../server/contract/host-report.ts";
import type { RestoreReport } from "../../server/contract/snapshot.ts";
import type { NodeAddress } from "../drivers/ask-node.ts";
import { ownTraffic } from "../drivers/own-traffic.ts";
import type { MeteredReading } from "../metrics/usage-meter.ts";
import { MigrationJob } from "../migration/migration-job.ts";
import type { MigrationDoor } from "../migration/migration-run.ts";
import { RestoreJob } from "../snapshots/restore-job.ts";
import { SnapshotJob } from "../snapshots/snapshot-job.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";
import { type ExitHistory, NO_EXITS } from "../supervisor/restart-policy.ts";
import { BackstopGuard } from "./backstop-guard.ts";
import { Elasticity } from "./elasticity.ts";
import { EngineLink } from "./engine-link.ts";
import { EngineTraffic } from "./engine-traffic.ts";
import { driverOf, type InstanceContext } from "./instance-context.ts";
import { InstanceDisplay } from "./instance-display.ts";
import { type InstancePaths, instancePaths } from "./instance-paths.ts";
import { type InstanceRecord, writeRecord } from "./instance-record.ts";
import { type InstanceView, observationOf } from "./instance-view.ts";
import { LogFollower } from "./log-follower.ts";
import { PollPace } from "./poll-pace.ts";
import type { RebootStop } from "./reboot.ts";
import { Silence } from "./silence.ts";
import { WakeSignal } from "./wake-signal.ts";

/** How long the control plane may take to learn of a promotion and record the new primary. */
const TURNED_LATELY_MS = 3_000;

/**
 * The state that the parts of one instance's loop share: the desired state, the known state, and the engine's
 * process.
 */
export class InstanceCore {
	readonly id: string;
	readonly context: InstanceContext;
	readonly paths: InstancePaths;
	readonly link: EngineLink;
	readonly display: InstanceDisplay;
	readonly elasticity: Elasticity;
	readonly snapshots: SnapshotJob;
	readonly restore: RestoreJob;
	readonly migration: MigrationJob;
	readonly traffic: EngineTraffic;
	readonly pace = new PollPace();
	readonly wakeSignal = new WakeSignal();
	assignment: Assignment | null = null;
	hostId = "";
	record: InstanceRecord | null = null;
	process: EngineProcess | null = null;
	exits: ExitHistory = NO_EXITS;
	/** When this agent started the process; null for one that it adopted. */
	spawnedAt: number | null = null;
	/** The stopping half of a reboot, as far as this agent carries it out. */
	rebootStop: RebootStop | null = null;
	removing = false;
	/** Not managed by the control plane that this agent works for: left alone. */
	foreign = false;
	/**
	 * Unknown to a control plane restored from a backup: left alone until the control plane knows it or its
	 * directory is deleted.
	 */
	setAside = false;
	readonly silence = new Silence();
	readonly backstop: BackstopGuard;
	/** It was primary when it last answered. */
	led = false;
	/** When it was last seen to refuse a client: `performance.now()`. */
	refusedAt = Number.NEGATIVE_INFINITY;
	/** How many clients it had refused at the last sample; null before the first. */
	refusedClients: number | null = null;
	/** The process whose limit of clients was reported to the user. */
	reportedLimitOf: number | null = null;
	/** It closed the agent's connection; whether it still answers isn't known yet. */
	letGo = false;
	/** Failed syncs of this process's replicas, and how long it waits between two tries; null for unknown. */
	syncs: { log: LogFollower; killed: number; delaySeconds: number | null };
	/** The primary that the process followed at the last look; null for none, and with cluster mode enabled. */
	followed: NodeAddress | null = null;
	/**
	 * When it was seen to be primary, or to follow another node, after it had followed one:
	 * `performance.now()`.
	 */
	turnedAt = Number.NEGATIVE_INFINITY;
	/** Why it can't keep its data on disk, in a sentence without its period; null if it can. */
	persistenceProblem: string | null = null;
	/** The generation under which the agent last looked at how often the engine's data goes to disk. */
	persistedGeneration = -1;
	/** The engine's state has been examined. */
	known = false;

	constructor(id: string, context: InstanceContext) {
		this.id = id;
		this.context = context;
		this.paths = instancePaths(context.homeDir, id);
		this.syncs = { log: new LogFollower(this.paths.log), killed: 0, delaySeconds: 0 };
		this.backstop = new BackstopGuard((cacheId, downAfterMs) =>
			context.setSentinels(cacheId, downAfterMs),
		);
		this.link = new EngineLink({
			// A running process is reachable where it was launched, whatever its assignment says now.
			assignment: () =>
				this.assignment && {
					...this.assignment,
					port: this.record?.port ?? this.assignment.port,
				},
			paths: this.paths,
			bindAddress: context.bindAddress,
			inTouch: () => context.inTouch(),
			cacheHosts: () => context.hostsOf(this.assignment?.cacheId ?? ""),
			turnedLately: () => performance.now() - this.turnedAt < TURNED_LATELY_MS,
			onClosed: () => this.disturb(),
		});
		this.traffic = new EngineTraffic(this.paths.traffic, context.logger);
		this.elasticity = new Elasticity(this);
		const { transfers } = context;
		this.snapshots = new SnapshotJob({
			...{ directory: this.paths.snapshot, transfers },
			login: () => this.login(),
			processId: () => this.process?.identity.pid ?? null,
			onNews: () => context.onChange(),
		});
		this.restore = new RestoreJob({
			...{ directory: this.paths.restore, transfers },
			onNews: () => {
				context.onChange();
				this.wake();
			},
		});
		this.migration = new MigrationJob({
			directory: this.paths.migration,
			login: () => this.login(),
			isApplied: () => (this.record?.generation ?? -1) >= (this.assignment?.generation ?? 0),
			shard: () => shardOf(this.assignment),
			onNews: () => context.onChange(),
		});
		this.display = new InstanceDisplay({
			observation: () => this.observation(),
			onNews: () => context.onChange(),
		});
	}

	/** Call whenever the assignment may have changed. */
	keepJobs(): void {
		const wanted = this.removing || this.setAside ? null : this.assignment;
		this.snapshots.keep(wanted?.snapshot);
		this.restore.keep(wanted?.restore);
		this.migration.keep(wanted?.migration);
	}

	async stopJobs(): Promise<void> {
		await Promise.all([this.snapshots.stop(), this.restore.stop(), this.migration.stop()]);
	}

	/** How the agent reaches the engine as it runs now. */
	private login() {
		const { assignment, context } = this;
		if (assignment === null) throw new Error("the node isn't assigned");
		const { systemUsername: username, systemPassword: password } = assignment.auth;
		const port = this.record?.port ?? assignment.port;
		return { host: context.bindAddress, port, username, password };
	}

	/** Called before the agent ends the engine: reads what it has counted since its last sample. */
	async tellLastReading(): Promise<void> {
		const reading = await this.read();
		if (reading !== null) this.context.onLastReading(this.id, reading);
	}

	/** What its engine has counted; null if it doesn't answer, or if another process does. */
	async read(): Promise<MeteredReading | null> {
		// Before the sample: its answer isn't in the engine's counters yet.
		const traffic = await this.traffic.count();
		const counters = await this.link.sample();
		const identity = this.process?.identity;
		if (counters === null || identity?.pid !== counters.processId) return null;
		const { usage } = counters;
		// A serverless Memcached node reports half of its bytes, because clients' bytes pass two nodes (memcached-stats.ts).
		const share = this.assignment?.proxy === undefined ? 1 : 0.5;
		const own = traffic && { run: traffic.run, bytes: Math.floor(traffic.bytes * share) };
		const bytes = own === null ? usage.bytes : { ...usage.bytes, own };
		return {
			process: processName(identity),
			counters: { ...counters, usage: { ...usage, bytes } },
		};
	}

	/** The report to the control plane; null for an instance that it doesn't manage. */
	observation(): ReportedObservation | null {
		if (this.foreign || this.setAside) return null;
		// As far as the agent knows, the instance is no longer wanted, even if that isn't confirmed yet.
		const wanted = this.removing ? null : this.assignment;
		const elastic = this.elasticity.state;
		const observation = observationOf(this.id, this.display.view, this.record, wanted);
		const { report: snapshot } = this.snapshots;
		const restore = this.restoreReport();
		const { report: migration } = this.migration;
		return {
			...observation,
			...(elastic !== undefined && { elastic }),
			...(snapshot !== null && { snapshot }),
			...(restore !== null && { restore }),
			...(migration !== null && { migration }),
		};
	}

	/** Whether its process was started with the data that its assignment says, if it says any. */
	isRestored({ restored }: InstanceRecord): boolean {
		return this.assignment?.restore === undefined || this.assignment.restore.id === restored;
	}

	/** What is on the host isn't ready before the engine has begun to load it: this process may be another. */
	private restoreReport(): RestoreReport | null {
		const { report } = this.restore;
		if (report?.phase !== "ready") return report;
		const isLoaded = this.record !== null && this.isRestored(this.record);
		return isLoaded ? report : { ...report, phase: "fetching", keys: null };
	}

	async save(record: InstanceRecord): Promise<void> {
		this.record = record;
		// The directory may have been deleted under the engine; that doesn't undo its history.
		await mkdir(this.paths.directory, { recursive: true, mode: 0o700 });
		await writeRecord(this.paths.record, record);
	}

	show(change: Partial<InstanceView>): void {
		this.display.show(change);
	}

	tell(severity: Severity, type: string, message: string): void {
		this.context.onEvent({ severity, type, message, assignmentId: this.id });
	}

	/** A process now belongs to this instance. */
	follow(engine: EngineProcess): void {
		const isFirst = this.process === null && this.spawnedAt === null;
		this.process = engine;
		this.countTraffic(engine, isFirst);
		// One that an earlier agent started may have been made to wait.
		const delaySeconds = this.spawnedAt === null ? null : 0;
		this.syncs = { log: new LogFollower(this.paths.log), killed: 0, delaySeconds };
		engine.onExit(() => {
			// Pending answers will not arrive; with a large heap the kernel would say so only much later.
			this.link.close();
			this.wake();
		});
	}

	private countTraffic({ identity }: EngineProcess, isFirst: boolean): void {
		const { bindAddress, advertisedAddress } = this.context;
		const { record, assignment } = this;
		const port = record?.port ?? assignment?.port;
		if (port === undefined) return;
		const ports =
			record === null || assignment === null
				? [port]
				: driverOf(record.engine).ports({ ...assignment, port });
		const addresses = [bindAddress, advertisedAddress].flatMap((host) =>
			ports.map((each) => ({ host, port: each })),
		);
		// An adopted process has also got what this agent has sent to its port so far; a new one hasn't.
		const bytes = isFirst ? ownTraffic.of(addresses) : 0;
		this.traffic.begin(processName(identity), addresses, bytes);
	}

	/** Something that the loop may be waiting for has changed. */
	wake(): void {
		this.wakeSignal.notify();
	}

	/** Something has changed, and more may follow soon. */
	disturb(): void {
		this.pace.disturb();
		this.wake();
	}
}

/** Identifies a process for good. */
function processName({ bootId, pid, startTicks }: EngineProcess["identity"]): string {
	return `${bootId}/${pid}/${startTicks}`;
}

/** The node's shard, as a migration needs it; null with cluster mode disabled. */
function shardOf(assignment: Assignment | null): ReturnType<MigrationDoor["shard"]> {
	if (assignment === null || assignment.cluster === null) return null;
	const { shards, nodeId } = assignment.cluster;
	const index = shards.findIndex(({ members }) => members.some((each) => each.nodeId === nodeId));
	return { slots: shards[index]?.slots ?? [], isFirst: index === 0 };
}
