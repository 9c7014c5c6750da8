import { mkdir } from "node:fs/promises";
import type { Assignment } from "../../server/contract/agent.ts";
import type { Severity } from "../../server/contract/enums.ts";
import type { NodeAddress } from "../drivers/ask-node.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";
import { type ExitHistory, NO_EXITS } from "../supervisor/restart-policy.ts";
import { EngineLink } from "./engine-link.ts";
import type { InstanceContext } from "./instance-context.ts";
import { InstanceDisplay } from "./instance-display.ts";
import { type InstancePaths, instancePaths } from "./instance-paths.ts";
import { type InstanceRecord, writeRecord } from "./instance-record.ts";
import { type InstanceView, observationOf } from "./instance-view.ts";
import { PollPace } from "./poll-pace.ts";
import type { RebootStop } from "./reboot.ts";
import { WakeSignal } from "./wake-signal.ts";

/** How long a promotion may be news to the control plane, which has yet to write down who leads. */
const TURNED_LATELY_MS = 3_000;

/** What the parts of one instance's loop share: what is wanted, what is known, and the engine's process. */
export class InstanceCore {
	readonly id: string;
	readonly context: InstanceContext;
	readonly paths: InstancePaths;
	readonly link: EngineLink;
	readonly display: InstanceDisplay;
	readonly pace = new PollPace();
	readonly wakeSignal = new WakeSignal();
	assignment: Assignment | null = null;
	hostId = "";
	record: InstanceRecord | null = null;
	process: EngineProcess | null = null;
	exits: ExitHistory = NO_EXITS;
	/** When this agent started the process; null for one that it adopted. */
	spawnedAt: number | null = null;
	/** A reboot's ending half, as far as this agent brings it on. */
	rebootStop: RebootStop | null = null;
	removing = false;
	/** None of the business of the control plane that this agent works for: left alone. */
	foreign = false;
	/** A control plane restored from a backup doesn't know it: left alone, until one does or its directory is deleted. */
	setAside = false;
	/** Since when the process runs without answering; null while it answers. */
	silentSince: Date | null = null;
	/** It closed the agent's connection; whether it still answers isn't known yet. */
	letGo = false;
	/** Whom the process followed when it was last looked at; null for nobody, and with cluster mode enabled. */
	followed: NodeAddress | null = null;
	/** When it was seen to lead, or to follow another, after it had followed somebody: `performance.now()`. */
	turnedAt = Number.NEGATIVE_INFINITY;
	/** It has been found out how the engine is. */
	known = false;

	constructor(id: string, context: InstanceContext) {
		this.id = id;
		this.context = context;
		this.paths = instancePaths(context.homeDir, id);
		this.link = new EngineLink({
			// A process that runs is found where it was launched, whatever its assignment has become.
			assignment: () =>
				this.assignment && {
					...this.assignment,
					port: this.record?.port ?? this.assignment.port,
				},
			paths: this.paths,
			bindAddress: context.bindAddress,
			inTouch: () => context.inTouch(),
			turnedLately: () => performance.now() - this.turnedAt < TURNED_LATELY_MS,
			onClosed: () => this.disturb(),
		});
		this.display = new InstanceDisplay({
			observation: () => this.observation(),
			onNews: () => context.onChange(),
		});
	}

	/** What the control plane is told; null for one that is none of its business. */
	observation() {
		if (this.foreign || this.setAside) return null;
		// Nobody wants it any more, as far as is known, even while that word isn't confirmed.
		const wanted = this.removing ? null : this.assignment;
		return observationOf(this.id, this.display.view, this.record, wanted);
	}

	async save(record: InstanceRecord): Promise<void> {
		this.record = record;
		// The directory may have been deleted under the engine, which doesn't make its history undone.
		await mkdir(this.paths.directory, { recursive: true, mode: 0o700 });
		await writeRecord(this.paths.record, record);
	}

	show(change: Partial<InstanceView>): void {
		this.display.show(change);
	}

	tell(severity: Severity, type: string, message: string): void {
		this.context.onEvent({ severity, type, message, assignmentId: this.id });
	}

	/** A process has come to be this instance's. */
	follow(engine: EngineProcess): void {
		this.process = engine;
		engine.onExit(() => {
			// Answers that are still awaited will not come; with a large heap the kernel says so only much later.
			this.link.close();
			this.wake();
		});
	}

	/** Something that the loop may wait for has changed. */
	wake(): void {
		this.wakeSignal.notify();
	}

	/** Something has changed, and more may follow soon. */
	disturb(): void {
		this.pace.disturb();
		this.wake();
	}
}
