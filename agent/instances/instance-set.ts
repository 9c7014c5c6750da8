import { mkdir, readdir } from "node:fs/promises";
import type { DesiredState } from "../../server/contract/desired-state.ts";
import type {
	EcpuShare,
	ReportedObservation,
	SetAside,
} from "../../server/contract/host-report.ts";
import { Instance } from "./instance.ts";
import type { InstanceContext } from "./instance-context.ts";
import { instancesDir, launchedDir } from "./instance-paths.ts";

/**
 * All instances of this host. A state that the control plane sent during this run may add and remove instances; a
 * state remembered from an earlier run only adds. Directories that a remembered state doesn't cover are reported as
 * stopping, and left alone until the control plane sends a state.
 */
export class InstanceSet {
	private readonly context: InstanceContext;
	private readonly instances = new Map<string, Instance>();
	private newest: DesiredState | null = null;

	constructor(context: InstanceContext) {
		this.context = context;
	}

	/** Finds the instances of earlier runs. Called once, before any state is applied. */
	async load(): Promise<void> {
		const directory = instancesDir(this.context.homeDir);
		await mkdir(directory, { recursive: true, mode: 0o700 });
		await mkdir(launchedDir(this.context.homeDir), { recursive: true, mode: 0o700 });
		for (const entry of await readdir(directory, { withFileTypes: true })) {
			if (entry.isDirectory()) await this.add(entry.name)?.recallSetAside();
		}
	}

	get size(): number {
		return this.instances.size;
	}

	/**
	 * Accepts a desired state. `confirmed` means that the control plane sent it during this run of the agent.
	 */
	apply(desired: DesiredState, options: { confirmed: boolean }): void {
		this.newest = desired;
		const wanted = new Set<string>();
		for (const assignment of desired.assignments) {
			wanted.add(assignment.id);
			const instance = this.instances.get(assignment.id) ?? this.begin(assignment.id, desired);
			// An instance that is being removed comes back as a new one, once the old one is gone.
			if (instance?.removing === false) instance.setDesired(assignment, desired.hostId);
		}
		if (options.confirmed) {
			for (const [id, instance] of this.instances) {
				if (!wanted.has(id)) instance.remove(desired.hostId);
			}
		}
		this.context.onChange();
	}

	shareEcpus(shares: readonly EcpuShare[]): void {
		for (const { assignmentId, perSecond } of shares) {
			this.instances.get(assignmentId)?.shareEcpus(perSecond);
		}
	}

	/** Call with a state that the control plane has just sent, before anything that takes time. */
	growAtOnce({ assignments }: DesiredState): void {
		for (const granted of assignments) this.instances.get(granted.id)?.growAtOnce(granted);
	}

	/**
	 * Leaves alone the instances that a control plane restored from a backup doesn't know: they may be newer
	 * than the backup, and hold data that their owners need. Remembered on disk.
	 */
	async setAsideUnknown(desired: DesiredState): Promise<void> {
		const known = new Set([...desired.assignments.map(({ id }) => id), ...(desired.deleted ?? [])]);
		const unknown = [...this.instances.values()].filter(
			(instance) => !known.has(instance.id) && !instance.removing && instance.setAside === null,
		);
		await Promise.all(unknown.map((instance) => instance.leaveAlone()));
	}

	setAside(): SetAside[] {
		return [...this.instances.values()].flatMap((instance) => instance.setAside ?? []);
	}

	/** Null until every engine has been examined, for a few seconds at most: earlier reports hold until then. */
	observations(): ReportedObservation[] | null {
		const instances = [...this.instances.values()];
		if (instances.some((instance) => !instance.examined)) return null;
		const all = instances.map((instance) => instance.observation());
		return all.filter((observation) => observation !== null);
	}

	all(): Iterable<Instance> {
		return this.instances.values();
	}

	/** Examines that instance now, if it exists: something has happened to it. */
	disturb(id: string): void {
		this.instances.get(id)?.disturb();
	}

	/** Ends what keeps that process of the instance from answering (end-hung.ts). */
	endHung(id: string, pid: number): void {
		void this.instances.get(id)?.endHung(pid);
	}

	wakeAll(): void {
		for (const instance of this.instances.values()) instance.wake();
	}

	/** Releases every engine; they keep running. */
	async stop(): Promise<void> {
		await Promise.all([...this.instances.values()].map((instance) => instance.stop()));
	}

	/** Doesn't start an instance that the control plane is still looking for: another host may have it. */
	private begin(id: string, desired: DesiredState): Instance | null {
		return desired.unlocated.includes(id) ? null : this.add(id);
	}

	private add(id: string): Instance | null {
		try {
			const instance = new Instance(id, this.context, () => this.onRemoved(id));
			this.instances.set(id, instance);
			return instance;
		} catch (error) {
			this.context.logger.error({ err: error }, "assignment refused");
			return null;
		}
	}

	private onRemoved(id: string): void {
		this.instances.delete(id);
		const desired = this.newest;
		const again = desired?.assignments.find((assignment) => assignment.id === id);
		if (desired && again) this.begin(id, desired)?.setDesired(again, desired.hostId);
		this.context.onChange();
	}
}
